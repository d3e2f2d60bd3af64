package remote

import (
	"os"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/linux/peer"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// TestShares: of each thing, whatever others take, and however many they are, somebody who comes still gets some, root
// gets all of its own, and no more is given away than there is. What was given back is nobody's.
func TestShares(t *testing.T) {
	t.Parallel()
	for k, s := range shares() {
		unit := max(1, s.few/8)
		for _, many := range []int{1, 2, 3, 10, 50} {
			for _, turns := range []bool{true, false} {
				all := newUsers(func(uid uint32) uint32 { return uid })
				fill := func(one *user, most int) int {
					for range most {
						if all.take(one, kind(k), unit) != nil {
							break
						}
					}
					return one.has[k]
				}
				list := make([]*user, many)
				for i := range list {
					list[i] = &user{uid: uint32(1000 + i)}
				}
				rounds, each := 1, s.all
				if turns {
					rounds, each = s.all/unit, 1
				}
				for range rounds {
					for _, one := range list {
						fill(one, each)
					}
				}
				sum := 0
				for _, one := range list {
					has := one.has[k]
					sum += has
					fair := s.few // whoever comes last
					if turns {
						fair = max(fair, min(s.each, s.all/2/(many+s.partOf)))
					}
					if has < fair-2*unit || has > s.each {
						t.Errorf("%s: one of %d users has %d, fair are %d", s.name, many, has, fair)
					}
				}
				if late := fill(&user{uid: 9}, s.all); late < s.few || sum+late > s.all {
					t.Errorf("%s: who comes after %d users has %d, all %d of %d", s.name, many, late, sum+late, s.all)
				}
				root := &user{}
				if has := fill(root, s.root); has < s.root-unit || has > s.root {
					t.Errorf("%s: root has %d of %d", s.name, has, s.root)
				}
			}
		}
	}
	all := newUsers(func(uid uint32) uint32 { return uid })
	one, err := all.join(1000)
	if err != nil {
		t.Fatal(err)
	}
	p := &purse{users: &all, user: one, stranger: true}
	if err := p.hold(1 << 20); err != nil {
		t.Error(err)
	}
	if err := p.holdFiles(3); err != nil {
		t.Error(err)
	}
	p.empty()
	all.leave(one)
	if len(all.of) != 0 || all.others != [kinds]int{} {
		t.Errorf("there are %d users left, with %v", len(all.of), all.others)
	}
}

// TestSubordinates: the ids of a range that a user has are one user together, and never root.
func TestSubordinates(t *testing.T) {
	t.Parallel()
	all := newUsers(func(uid uint32) uint32 {
		if uid >= 100000 {
			return 0
		}
		return uid
	})
	n := 0
	for uid := uint32(100000); ; uid++ {
		one, err := all.join(uid)
		if err != nil {
			break
		}
		if n++; one.uid == 0 {
			t.Fatal("it is root")
		}
	}
	if want := shares()[kindStrangers].each; n != want {
		t.Errorf("the range has %d connections, want %d", n, want)
	}
	for _, uid := range []uint32{0, 1000} {
		if _, err := all.join(uid); err != nil {
			t.Errorf("user %d: %v", uid, err)
		}
	}
}

// TestManyStrangers: users who connect as often as they can, and say nothing, keep neither another user out nor root.
func TestManyStrangers(t *testing.T) {
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	var held []*rawClient
	for uid := uint32(2000); uid < 2020; uid++ {
		for {
			ours, theirs := pair(t)
			if !s.join(theirs, false, peer.Process{PID: 1, UID: uid, Start: 1}) {
				break
			}
			held = append(held, &rawClient{t, int(fileOf(t, ours).Fd())})
		}
	}
	t.Logf("20 users have %d connections", len(held))
	for _, uid := range []uint32{0, 1000} {
		c := joined(t, s, uid)
		c.write(packet(212, about(web)))
		if got := c.read(); got != 212 {
			t.Errorf("user %d: %d", uid, got)
		}
		c.close()
	}
}

func fileOf(t *testing.T, c interface{ File() (*os.File, error) }) *os.File {
	t.Helper()
	f, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestBytesOfAll: many users who send half of what they could, or read no answers, use no more than there is for all,
// and another user can still define a container of 1 MiB.
func TestBytesOfAll(t *testing.T) {
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	before := memory()
	const users, each = 16, 6
	half := append(length(maxKnown), make([]byte, maxKnown/2+1)...) // a buffer of 8 MiB
	var list []*rawClient
	for uid := range uint32(users) {
		for range each {
			c := joined(t, s, 2000+uid)
			c.write(half)
			list = append(list, c)
		}
	}
	most := int64(shares()[kindBytes].all + users*each*mostOfOne)
	if used := memory() - before; used > most || used < most/4 {
		t.Errorf("%d KiB are used, at most %d are right", used>>10, most>>10)
	}
	for _, uid := range []uint32{0, 1000} {
		c := joined(t, s, uid)
		defer c.close()
		c.write(packet(212, func(e *xdr.Encoder) { about(web)(e); e.Raw(make([]byte, 1<<20)) }))
		if got := c.read(); got != 212 {
			t.Errorf("user %d: %d", uid, got)
		}
	}
	for _, c := range list {
		c.close()
	}
}

// TestDescriptorsOfAll: users who pass descriptors with calls that do not end have no more than is right, and root's
// are taken.
func TestDescriptorsOfAll(t *testing.T) {
	f := &fakeCore{list: []service.Snapshot{web}, hold: make(chan struct{})}
	all := rules{}
	for _, p := range tables()[programRemote] {
		all[p.action] = true
	}
	all["org.berth1.connect"] = true
	s := newServer(t, f, all)
	before := descriptors(t)
	e := begin(head{program: programRemote, version: version, procedure: 310, kind: typeCallFDs})
	e.U32(maxFiles)
	about(web)(e)
	call := finish(e)
	send := func(c *rawClient) {
		c.write(call)
		for range maxFiles {
			_ = syscall.Sendmsg(c.fd, []byte{0}, syscall.UnixRights(int(os.Stderr.Fd())), nil, 0)
		}
	}
	const users, calls = 4, 30
	for uid := range uint32(users) {
		for range 2 {
			c := joinedFully(t, s, 2000+uid)
			defer c.close()
			for range calls {
				send(c)
			}
		}
	}
	root := joined(t, s, 0)
	defer root.close()
	send(root)
	eventually(t, "root's call is taken", func() bool {
		s.users.mu.Lock()
		defer s.users.mu.Unlock()
		return s.users.of[0].has[kindFiles] == maxFiles
	})
	most := before + users*shares()[kindFiles].each + maxFiles + 4*users + 2
	if got := descriptors(t); got > most {
		t.Errorf("%d descriptors are open, at most %d are right", got, most)
	}
	close(f.hold)
	if got := root.read(); got != 310 {
		t.Errorf("the answer is %d", got)
	}
	eventually(t, "all are closed", func() bool {
		s.users.mu.Lock()
		defer s.users.mu.Unlock()
		return s.users.others[kindFiles] == 0 && (s.users.of[0] == nil || s.users.of[0].has[kindFiles] == 0)
	})
}
