"""The connectivity engine at size, beside an evaluator that asks policy by policy and pair by pair."""
