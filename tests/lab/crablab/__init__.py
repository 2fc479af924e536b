"""Hosts that look like CERN's CC7 machines, with what they need around them, in podman on this machine."""
