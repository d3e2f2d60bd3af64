package units

import "time"

// started is what we saw of a scope that we started. Client.mu guards it.
type started struct {
	at        time.Time
	unloading bool // its file was removed
	unloaded  bool
}

// fate is what we know of a scope, as far as that is enough to wait for its end.
type fate int

const (
	unknown fate = iota // we did not see it start, or it is too young
	loaded
	unloading
	unloaded
)

// begun remembers a scope that we saw start.
func (c *Client) begun(unit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started[unit] = &started{at: time.Now()}
}

// forget forgets it.
func (c *Client) forget(unit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.started, unit)
}

// isLoaded reports whether we saw a scope start, but not end yet.
func (c *Client) isLoaded(unit string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ours := c.started[unit]
	return ours != nil && !ours.unloaded
}

func (c *Client) fate(unit string) fate {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ours := c.started[unit]; {
	case ours == nil:
		return unknown
	case ours.unloaded:
		return unloaded
	case time.Since(ours.at) < settled:
		return unknown
	case ours.unloading:
		return unloading
	}
	return loaded
}
