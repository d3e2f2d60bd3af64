package remote

import (
	"errors"
	"maps"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// fewOwned is how many containers of a connection are noted before those that have ended are looked for.
const fewOwned = 64

// owned is a start of a container that ends with its connection. No two of a connection have the same number.
type owned struct {
	owner  string
	number uint64
}

// own notes a container that was started to end with the connection, which may be over already.
func (c *conn) own(u domain.UUID, owner string) {
	if owner == "" {
		return
	}
	c.mu.Lock()
	if c.owned == nil {
		c.owned = map[domain.UUID]owned{}
	}
	c.starts++
	c.owned[u] = owned{owner, c.starts}
	var list map[domain.UUID]owned
	if n := len(c.owned); n >= fewOwned && n&(n-1) == 0 { // a power of two: the work is small beside that of the starts
		list = maps.Clone(c.owned)
	}
	c.mu.Unlock()
	c.disown(list)
	if c.ctx.Err() != nil {
		c.destroyOwned()
	}
}

// disown forgets those starts of a list whose containers have ended, unless they were started anew since.
func (c *conn) disown(list map[domain.UUID]owned) {
	for u, o := range list {
		snap, err := c.server.core.ByUUID(u) // not with mu held: the service tells of changes with locks of its own held
		if err == nil && snap.State.Active() || err != nil && !errors.Is(err, service.ErrNoContainer) {
			continue
		}
		c.mu.Lock()
		if c.owned[u] == o {
			delete(c.owned, u)
		}
		c.mu.Unlock()
	}
}

// destroyOwned destroys the containers that end with the connection. If the server ends, the next daemon does it.
func (c *conn) destroyOwned() {
	c.mu.Lock()
	list := c.owned
	c.owned = nil
	c.mu.Unlock()
	for u, o := range list {
		err := c.server.core.DestroyOwned(c.server.ctx, u, o.owner)
		if err != nil && !errors.Is(err, service.ErrNoContainer) {
			c.server.log.Error("autodestroy", c.server.core.WhoHas(u), "err", err)
		}
	}
}
