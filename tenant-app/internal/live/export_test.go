package live

// Doubts says whether a replica misses another.
func (p *Peers) Doubts() bool { return p.inDoubt() }
