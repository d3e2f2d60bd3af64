package hostnet

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// tablePrefix begins the names of the tables of networks.
const tablePrefix = "berth-"

// Watch calls filter when the table of a network was removed from the packet filter, and routes when a default route of
// the host has come or gone, until stop is called. Each has a goroutine. When the kernel loses messages, they are
// called, too.
func (h *Host) Watch(filter, routes func()) (stop func(), err error) {
	tables, err := watchTables(func(name string) bool { return strings.HasPrefix(name, tablePrefix) }, filter)
	if err != nil {
		return nil, err
	}
	ways, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err == nil {
		if err = defaultsOnly(ways.GetFd()); err != nil {
			ways.Close()
		}
	}
	if err != nil {
		tables()
		return nil, fmt.Errorf("watch the routes: %w", err)
	}
	go follow(ways, func([]syscall.NetlinkMessage) bool { return true }, routes)
	return func() { tables(); ways.Close() }, nil
}

func watchTables(ours func(name string) bool, removed func()) (stop func(), err error) {
	tables, err := nl.Subscribe(unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
	if err != nil {
		return nil, filterError("watch the tables", err)
	}
	go follow(tables, func(m []syscall.NetlinkMessage) bool { return removes(m, ours) }, removed)
	return tables.Close, nil
}

// follow calls changed after each message that counts.
func follow(s *nl.NetlinkSocket, counts func([]syscall.NetlinkMessage) bool, changed func()) {
	for {
		messages, _, err := s.Receive()
		lost := errors.Is(err, unix.ENOBUFS)
		if lost || err == nil && counts(messages) {
			changed()
		}
		if err != nil && !lost && !errors.Is(err, unix.EINTR) {
			return // it is closed
		}
	}
}

// removes reports whether messages say that a table of ours was removed.
func removes(messages []syscall.NetlinkMessage, ours func(name string) bool) bool {
	const (
		removed = unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_DELTABLE
		header  = 4 // struct nfgenmsg
	)
	for _, m := range messages {
		if m.Header.Type != removed || len(m.Data) < header {
			continue
		}
		attrs, err := nl.ParseRouteAttr(m.Data[header:])
		if err != nil {
			return true
		}
		for _, a := range attrs {
			if a.Attr.Type == unix.NFTA_TABLE_NAME && ours(strings.TrimRight(string(a.Value), "\x00")) {
				return true
			}
		}
	}
	return false
}

// defaultsOnly has the kernel pass on what it says of default routes: each interface of IPv6 that comes has others.
func defaultsOnly(fd int) error {
	const (
		length = unix.SizeofNlMsghdr + 1 // rtmsg.rtm_dst_len
		all    = 1 << 18
	)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: length},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: all},
		{Code: unix.BPF_RET | unix.BPF_K},
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}
