"""What is said of photographs: the records of faces.json."""
