"""From scored row references to people: records, their pairs, groups, and ids that outlast updates. Nothing here sees a token."""
