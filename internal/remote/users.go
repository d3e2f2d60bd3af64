package remote

import (
	"fmt"
	"sync"
)

// kind is one of the things of which there is a bounded number.
type kind int

const (
	kindConnections kind = iota
	kindStrangers        // connections that have not authenticated, which are connections as well
	kindBytes            // of packets that come, calls, and what waits for a client, but for the first of each connection
	kindFiles            // descriptors that clients have passed, and those that are on their way to them
	kinds
)

// share says how a thing is shared out among all users but root. The first few of a user are his as long as there are
// any. With more than that he has at most each, and at most a part of what is left of the first half: the more who want
// much, the less has each of them, and the other half is for those who want little. Without that, a few users could
// have all there is. Root has its own: nobody takes anything from root, nor root from others, and a program of root
// that forgets what it has does not take all of berthd's.
type share struct {
	name              string
	root              int // of root
	all               int // of all others together
	few, each, partOf int // of one of them, and the divisor of what is left
}

// shares are those of a server. libvirt bounds them over all users: 5000 connections, 20 of which have not
// authenticated (max_clients, max_anonymous_clients, since 1.2.3), and accepts nobody at the bound, not even root. To
// close a descriptor can take as long as its sender likes, and holds a thread: of those Go has 10,000.
func shares() [kinds]share {
	return [kinds]share{
		kindConnections: {"connections", 4096, 1000, 4, 64, 4},
		kindStrangers:   {"connections that have not authenticated", 4096, 200, 2, 20, 4},
		kindBytes:       {"bytes of calls and answers at once: read the answers, or call less at once", 128 << 20, 192 << 20, 1 << 20, 32 << 20, 2},
		kindFiles:       {"descriptors on their way", 16384, 4096, 32, 512, 4},
	}
}

// most returns how many of a thing one user may have, when the others, but for root, have so many.
func (s *share) most(others int) int {
	return max(min(s.few, s.all-others), min(s.each, (s.all/2-others)/(s.partOf+1)))
}

// users counts what each user has.
type users struct {
	shares [kinds]share
	// account returns the user who answers for another one: all subordinate ids of a user (subuid(5)) are one.
	account func(uid uint32) uint32

	mu     sync.Mutex // guards all below and the fields of user
	others [kinds]int // what all but root have
	of     map[uint32]*user
}

// user is one of them, with what he has.
type user struct {
	uid uint32 // of the account
	has [kinds]int
}

func newUsers(account func(uid uint32) uint32) users {
	return users{shares: shares(), account: account, of: map[uint32]*user{}}
}

// join counts a connection, which has not authenticated yet. It returns an error if there is no room for it.
func (u *users) join(uid uint32) (*user, error) {
	name := uid
	if uid != 0 {
		name = max(u.account(uid), 1) // nobody becomes root by this
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	one := u.of[name]
	if one == nil {
		one = &user{uid: name}
	}
	if err := u.count(one, kindConnections, 1); err != nil {
		return nil, err
	}
	if err := u.count(one, kindStrangers, 1); err != nil {
		_ = u.count(one, kindConnections, -1)
		return nil, err
	}
	u.of[name] = one
	return one, nil
}

// leave counts a connection out.
func (u *users) leave(one *user) { _ = u.take(one, kindConnections, -1) }

// take counts n more of a thing to a user; n below 0 gives some back. It returns an error if he has too many then.
func (u *users) take(one *user, k kind, n int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.count(one, k, n); err != nil {
		return err
	}
	if one.has == [kinds]int{} && u.of[one.uid] == one {
		delete(u.of, one.uid)
	}
	return nil
}

// count is take for who holds mu.
func (u *users) count(one *user, k kind, n int) error {
	s, has := &u.shares[k], one.has[k]+n
	switch {
	case n <= 0:
	case one.uid == 0 && has > s.root:
		return fmt.Errorf("root has more than %d %s", s.root, s.name)
	case one.uid != 0 && has > s.most(u.others[k]-one.has[k]):
		return fmt.Errorf("user %d has more than %d %s", one.uid, s.most(u.others[k]-one.has[k]), s.name)
	}
	one.has[k] = has
	if one.uid != 0 {
		u.others[k] += n
	}
	return nil
}
