"""`frsdk-bench`: time, memory, counts and limits of what runs here."""
