"""Runs at the centre, and never sees a name or a partner's secret: receive, link, assemble, and count a cohort."""
