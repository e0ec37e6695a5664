"""What a program costs a fleet, from 10 to 1,000 sessions and from 2 to 50 workers; and what the fleet costs at rest."""
