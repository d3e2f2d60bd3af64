package nbd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The kernel's netlink family. The numbers are from linux/nbd-netlink.h and linux/nbd.h.
const (
	family            = "nbd"
	familyVersion     = 1
	cmdConnect        = 1
	cmdDisconnect     = 2
	attrIndex         = 1
	attrSize          = 2
	attrBlockSize     = 3
	attrServerFlags   = 5
	attrClientFlags   = 6
	attrSockets       = 7
	attrBackend       = 10 // Linux 5.14; older kernels ignore it
	sockItem          = 1
	sockFD            = 1
	disconnectOnClose = 1 << 1
	blockSize         = 512 // every server must accept it
)

// backend marks our devices, so that Sweep can tell them from others' (/sys/block/nbdN/backend).
const backend = "berth"

// ErrNoDriver is returned if the kernel's nbd driver is missing or not loaded.
var ErrNoDriver = errors.New("the host's kernel has no network block devices; load them with: modprobe nbd")

// Attach connects a network block device to a server's socket, after Negotiate. It returns the device
// open for reading. The kernel keeps the socket too, and disconnects it when the device is no longer
// open or mounted anywhere. Attach returns ErrNoDriver if the kernel has no nbd driver.
func Attach(server *os.File, e Export) (*os.File, error) {
	index, err := connect(server, e)
	if err != nil {
		return nil, err
	}
	device, err := os.Open(path(index))
	if err != nil { // without a descriptor the kernel would not disconnect the device
		return nil, errors.Join(err, disconnect(index))
	}
	return device, nil
}

func path(index uint32) string { return "/dev/nbd" + strconv.FormatUint(uint64(index), 10) }

// request returns a new message to the kernel's driver. It returns ErrNoDriver if there is none.
func request(command uint8) (*nl.NetlinkRequest, error) {
	f, err := netlink.GenlFamilyGet(family)
	if errors.Is(err, unix.ENOENT) {
		return nil, ErrNoDriver
	}
	if err != nil {
		return nil, fmt.Errorf("look for the kernel's nbd: %w", err)
	}
	req := nl.NewNetlinkRequest(int(f.ID), 0)
	req.AddData(&nl.Genlmsg{Command: command, Version: familyVersion})
	return req, nil
}

// disconnect disconnects a device.
func disconnect(index uint32) error {
	req, err := request(cmdDisconnect)
	if err != nil {
		return err
	}
	req.Flags |= unix.NLM_F_ACK // without it the kernel would send no answer to wait for
	req.AddData(nl.NewRtAttr(attrIndex, nl.Uint32Attr(index)))
	if _, err := req.Execute(unix.NETLINK_GENERIC, 0); err != nil {
		return fmt.Errorf("disconnect %s: %w", path(index), err)
	}
	return nil
}

// connect connects a free device, and returns the number that the kernel chose.
func connect(server *os.File, e Export) (index uint32, err error) {
	req, err := request(cmdConnect)
	if err != nil {
		return 0, err
	}
	for _, a := range []struct {
		kind  int
		value uint64
	}{
		{attrSize, e.Size}, {attrBlockSize, blockSize}, {attrServerFlags, uint64(e.Flags)}, {attrClientFlags, disconnectOnClose},
	} {
		req.AddData(nl.NewRtAttr(a.kind, nl.Uint64Attr(a.value)))
	}
	req.AddData(nl.NewRtAttr(attrBackend, nl.ZeroTerminated(backend)))
	sockets := nl.NewRtAttr(attrSockets|unix.NLA_F_NESTED, nil)
	sockets.AddRtAttr(sockItem|unix.NLA_F_NESTED, nil).AddRtAttr(sockFD, nl.Uint32Attr(uint32(server.Fd())))
	req.AddData(sockets)
	answers, err := req.Execute(unix.NETLINK_GENERIC, 0)
	runtime.KeepAlive(server)
	if err != nil {
		return 0, fmt.Errorf("attach to a network block device: %w", err)
	}
	return parseIndex(answers)
}

// parseIndex reads the device's number from the kernel's answer to a connect.
func parseIndex(answers [][]byte) (uint32, error) {
	for _, a := range answers {
		if len(a) < nl.SizeofGenlmsg {
			continue
		}
		attributes, err := nl.ParseRouteAttr(a[nl.SizeofGenlmsg:])
		if err != nil {
			return 0, fmt.Errorf("the kernel's answer: %w", err)
		}
		for _, attr := range attributes {
			if attr.Attr.Type == attrIndex && len(attr.Value) >= 4 {
				return nl.NativeEndian().Uint32(attr.Value), nil
			}
		}
	}
	return 0, errors.New("the kernel's answer does not say which network block device it chose")
}

// Sweep disconnects orphaned devices: a daemon that is killed between the two steps of Attach leaves a
// device that nobody has opened. Sweep opens and closes each of our devices, which disconnects those
// that nobody else has open, and no others. The caller must not run Attach meanwhile, until Sweep has
// returned. Sweep does not wait for the opens, because the open of a device with a hung server hangs.
func Sweep() {
	files, err := filepath.Glob("/sys/block/nbd*/backend")
	if err != nil {
		return
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || strings.TrimSpace(string(text)) != backend {
			continue
		}
		go func() { // the last close(2) disconnects the device
			if device, err := os.Open(filepath.Join("/dev", filepath.Base(filepath.Dir(file)))); err == nil {
				_ = device.Close()
			}
		}()
	}
}
