"""What can be counted in finished dialogues: failures and their repair, and whether people are played as people."""
