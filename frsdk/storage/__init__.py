"""Files written whole, and archives read with care."""
