package remote

import (
	"fmt"
	"sync"
)

// What users can have of the server at once. A connection that has not authenticated counts for both.
const (
	maxOfRoot      = 4096 // connections of root: a program that forgets them must not take all of berthd's descriptors
	maxConnections = 500  // of all other users
	perUser        = 64   // of one of them
	maxStrangers   = 20   // connections of other users than root that have not authenticated
	strangersEach  = 8
	bytesEach      = 32 << 20 // of one user, in packets that come, calls at work and answers that wait, but for small ones
	bytesOfRoot    = 128 << 20
)

// users counts what each user has.
type users struct {
	mu        sync.Mutex // guards all below and the fields of user
	others    int        // connections of other users than root
	strangers int
	of        map[uint32]*user
}

// user is one of them.
type user struct {
	uid         uint32
	connections int
	strangers   int
	bytes       int
}

func newUsers() users { return users{of: map[uint32]*user{}} }

// join counts a connection. It returns an error if there is no room for it.
func (u *users) join(uid uint32) (*user, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one := u.of[uid]
	if one == nil {
		one = &user{uid: uid}
	}
	switch {
	case uid == 0 && one.connections >= maxOfRoot:
		return nil, fmt.Errorf("root has %d connections", one.connections)
	case uid == 0: // and nobody takes these from root, nor root others' from them
	case u.others >= maxConnections:
		return nil, fmt.Errorf("users other than root have %d connections", u.others)
	case one.connections >= perUser:
		return nil, fmt.Errorf("user %d has %d connections", uid, one.connections)
	case u.strangers >= maxStrangers || one.strangers >= strangersEach:
		return nil, fmt.Errorf("%d connections have not authenticated, %d of them of user %d", u.strangers, one.strangers, uid)
	}
	u.of[uid] = one
	one.connections++
	if uid != 0 {
		u.others++
		u.strangers++
		one.strangers++
	}
	return one, nil
}

// known says that a connection has authenticated.
func (u *users) known(c *conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.user.uid != 0 && !c.counted {
		c.counted = true
		u.strangers--
		c.user.strangers--
	}
}

// leave counts a connection out.
func (u *users) leave(c *conn) {
	u.known(c)
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.user.uid != 0 {
		u.others--
	}
	c.user.connections--
	u.forget(c.user)
}

// forget drops a user who has nothing any more. A call can outlive its connection. The caller holds mu.
func (u *users) forget(one *user) {
	if one.connections == 0 && one.bytes == 0 && u.of[one.uid] == one {
		delete(u.of, one.uid)
	}
}

// grow counts a buffer of a user, from one size to another. It returns an error if he has too much then.
func (u *users) grow(one *user, was, is int) error {
	counted := func(n int) int {
		if n <= keptBuffer {
			return 0
		}
		return n
	}
	more := counted(is) - counted(was)
	if more == 0 {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	most := bytesEach
	if one.uid == 0 {
		most = bytesOfRoot
	}
	if more > 0 && one.bytes+more > most {
		return fmt.Errorf("user %d has more than %d bytes of calls and answers at once: read the answers, or call less at once", one.uid, most)
	}
	one.bytes += more
	u.forget(one)
	return nil
}
