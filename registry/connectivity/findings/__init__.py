"""What looks wrong between policies that are each valid: a closed table of codes, and who finds them."""
