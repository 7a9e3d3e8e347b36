"""The page that runs the networks in a browser: its files, their server."""
