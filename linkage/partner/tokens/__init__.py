"""From cleaned records to tokens: blocks, filters, masks, and the order of rows."""
