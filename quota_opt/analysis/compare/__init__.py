"""Plans side by side, what each costs and who pays; what differs between two, and each change's share."""
