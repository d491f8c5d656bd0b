"""Rules for machines: the vocabulary, the policy document, the decision and its explanation. Pure: text in, values out."""
