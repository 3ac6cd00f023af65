"""What a report is drawn from, whatever it is drawn on."""
