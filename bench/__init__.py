"""What the service costs and how long it lasts, measured on this machine with the emulator."""
