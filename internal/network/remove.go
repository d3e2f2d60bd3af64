package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// removers is how many links are removed at the same time.
const removers = 8

// Remove removes the links that a run's interfaces have on the host. With the host's end of a veth goes the
// container's. It leaves a link alone that has the name but is not proven to be the run's. A missing one is no error.
//
// It returns when the links are gone, with their names. The kernel answers only after a wait for all that may still
// look at them (rcu_barrier), which is as long as the rest of a stop. Goroutines take these answers.
func (Links) Remove(list []service.Link) error {
	host, err := open()
	if err != nil {
		return err
	}
	ours, err := find(host, list)
	host.Close()
	if len(ours) == 0 {
		return err
	}
	told, stop := watchRemovals(ours)
	defer stop()
	answer := make(chan error, 1)
	go func() { answer <- removeAll(ours) }()
	select {
	case removed := <-answer:
		return errors.Join(err, removed)
	case <-told:
		return errors.Join(err, settled(ours[len(ours)-1]))
	}
}

// find returns those links of a run that are there.
func find(host *netlink.Handle, list []service.Link) (ours []netlink.Link, err error) {
	var errs []error
	for _, l := range list {
		link, err := host.LinkByName(l.Name)
		switch {
		case err == nil && isOurs(link, l):
			ours = append(ours, link)
		case err != nil && !isGone(err):
			errs = append(errs, fmt.Errorf("link %s: %w", l.Name, err))
		}
	}
	return ours, errors.Join(errs...)
}

// removeAll removes links, several at a time: each waits.
func removeAll(links []netlink.Link) error {
	errs := make([]error, len(links))
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(removers, len(links)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(links); i = int(next.Add(1)) - 1 {
				if err := removeOne(links[i]); err != nil {
					errs[i] = fmt.Errorf("link %s: %w", links[i].Attrs().Name, err)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func removeOne(link netlink.Link) error {
	host, err := open()
	if err != nil {
		return err
	}
	defer host.Close()
	if err := host.LinkDel(link); err != nil && !isGone(err) {
		return err
	}
	return nil
}

// settled waits until the kernel, which tells of a removal in the midst of it, has let go of the lock of all links: it
// asks for the last link, for which it needs the lock.
func settled(link netlink.Link) error {
	host, err := open()
	if err != nil {
		return err
	}
	defer host.Close()
	if _, err := host.LinkByIndex(link.Attrs().Index); err != nil && !isGone(err) {
		return fmt.Errorf("link %s: %w", link.Attrs().Name, err)
	}
	return nil
}

// watchRemovals returns a channel that is closed when the kernel has told that links are removed. If it cannot tell,
// the channel is never closed. The caller calls stop.
func watchRemovals(links []netlink.Link) (told <-chan struct{}, stop func()) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK)
	if err != nil {
		return nil, func() {}
	}
	missing := map[int32]bool{}
	for _, l := range links {
		missing[int32(l.Attrs().Index)] = true
	}
	all := make(chan struct{})
	go func() {
		for len(missing) > 0 {
			messages, _, err := s.Receive()
			if err != nil {
				return
			}
			for _, m := range messages {
				if m.Header.Type == unix.RTM_DELLINK && len(m.Data) >= unix.SizeofIfInfomsg && m.Data[0] == unix.AF_UNSPEC {
					delete(missing, int32(binary.NativeEndian.Uint32(m.Data[4:])))
				}
			}
		}
		close(all)
	}()
	return all, s.Close
}
