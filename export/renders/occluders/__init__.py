"""What covers a face: glasses, masks, hats, hands and things."""
