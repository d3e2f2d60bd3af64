package service

import (
	"strconv"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// User is the user of the host whose container it is. The zero value is nobody.
type User struct {
	Set bool
	UID uint32
}

// Subject is the container that a right is about, at one moment. Two values are equal if and only if they are of the
// same container of the registry, with the same name and owner, and in the same run. The zero value is no container.
type Subject struct {
	UUID  domain.UUID
	Name  string // "" if there is no such container
	Owner User
	// PrivateUsers says that root of the container is not root of the host.
	PrivateUsers bool
	Run          uint32 // Snapshot.Run
	entry        uint64 // of the registry; a container that is defined anew under the same uuid is another entry
}

// Subject returns the container of a snapshot, for a right to see it.
func (snap *Snapshot) Subject() Subject {
	return Subject{UUID: snap.UUID, Name: snap.Name, Owner: snap.OwnedBy, PrivateUsers: snap.PrivateUsers, Run: snap.Run}
}

// Subject returns the container with a uuid, for the question whether somebody may do something with it. It has only
// the uuid if there is no such container: nobody must be able to tell this from a container that is hidden.
func (s *Service) Subject(u domain.UUID) Subject {
	c, err := s.find(u)
	if err != nil {
		return Subject{UUID: u}
	}
	return c.current()
}

func (c *container) current() Subject {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subject()
}

// subject is current for who holds mu.
func (c *container) subject() Subject {
	subject := c.snap.Subject()
	subject.entry = c.entry
	return subject
}

// Details are what polkit's rules see of a question (org.berth1(5)). A rule compares them as texts. A rule cannot find
// out the number of the caller's user, so the answer is there in advance: caller-is-owner.
func (q *Question) Details() map[string]string {
	d := map[string]string{}
	for name, text := range map[string]string{contract.DetailVerb: q.Verb, contract.DetailContainer: q.Subject.Name, contract.DetailNetwork: q.Network} {
		if text != "" {
			d[name] = text
		}
	}
	if !q.Subject.UUID.IsZero() {
		d[contract.DetailUUID] = q.Subject.UUID.String()
	}
	if q.Subject.PrivateUsers {
		d[contract.DetailPrivateUsers] = "yes"
	}
	if owner := q.Subject.Owner; owner.Set {
		d[contract.DetailOwner] = strconv.FormatUint(uint64(owner.UID), 10)
		if q.Caller.Known && q.Caller.UID == owner.UID {
			d[contract.DetailCallerIsOwner] = "yes"
		}
	}
	return d
}
