"""Engine files: header, plan, and whether they may run here."""
