"""MakeHuman's head, hair and skins: files, targets, landmarks, masks."""
