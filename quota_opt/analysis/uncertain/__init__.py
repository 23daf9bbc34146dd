"""What may go otherwise: plans in many worlds, robust plans, plans in two stages."""
