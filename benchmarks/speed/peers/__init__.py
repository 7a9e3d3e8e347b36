"""Other networks and pipelines to time beside ours."""
