package remote

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// guestProcedures tell what a container is to itself. Of a virtual machine an agent in it has to be asked, and so
// libvirt lets no reader call them, though they change nothing.
func guestProcedures() []*procedure {
	agent := func(number int32, name string, run handler) *procedure {
		p := as("GetGuestInfo", measure(number, name, run))
		p.writes = true
		return p
	}
	return []*procedure{
		agent(277, "virDomainGetHostname", hostName), agent(337, "virDomainGetTime", guestTime),
		agent(349, "virDomainGetFSInfo", guestFileSystems), agent(418, "virDomainGetGuestInfo", guestInfo),
	}
}

// hostName answers with the name that the container has. Leases have no names here: networkd keeps none.
func hostName(ctx context.Context, c *call) error {
	const lease, agent = 1, 2
	flags := c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^(lease|agent) != 0:
		return unknownFlags(flags, c.proc.name)
	case flags == lease|agent:
		return fault(codeInvalidArg, domainDomain, "flags 'VIR_DOMAIN_GET_HOSTNAME_LEASE' and 'VIR_DOMAIN_GET_HOSTNAME_AGENT' are mutually exclusive")
	}
	name, err := c.core().HostName(ctx, c.uuid)
	if err != nil {
		return err
	}
	if flags == lease || name == "" {
		return wrong(codeNoHostname, domainLXC, "no hostname found for domain %.256s", c.given.Name)
	}
	c.out.Text(plain(name))
	return nil
}

// plain is a text of a container as a client can have it.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// guestTime answers with the host's time: a container has no other.
func guestTime(_ context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	if err := c.mustRun(); err != nil {
		return err
	}
	now := time.Now()
	c.out.I64(now.Unix())
	c.out.U32(uint32(now.Nanosecond()))
	return nil
}

// mustRun returns libvirt's error of a container that is off.
func (c *call) mustRun() error {
	snap, err := c.snapshot()
	if err == nil && !active(&snap) {
		err = wrong(codeOperationInvalid, domainDomain, "domain is not running")
	}
	return err
}

// maxFileSystems bounds the answers about file systems.
const maxFileSystems = 256

// guestFileSystems answers with the file systems that hold the container's files. None of them is a disk of its own.
func guestFileSystems(ctx context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	list, err := c.core().FileSystems(ctx, c.uuid)
	if err != nil {
		return err
	}
	list = list[:min(len(list), maxFileSystems)]
	c.out.U32(uint32(len(list)))
	for _, fs := range list {
		c.out.Text(plain(fs.MountPoint))
		c.out.Text(plain(fs.Name))
		c.out.Text(plain(fs.Type))
		c.out.U32(0)
	}
	c.out.U32(uint32(len(list)))
	return nil
}

// The kinds of information about a guest.
const (
	guestUsers = 1 << iota
	guestOS
	guestZone
	guestHostname
	guestFiles
	guestDisks
	guestLinks
	guestKnown = guestOS | guestZone | guestHostname | guestFiles | guestLinks
)

// maxGuest bounds the parameters of an answer, as clients do.
const maxGuest = 2048

// guestInfo answers with what is wanted, by libvirt's names. If nothing is named, a part that cannot be read is left
// out.
func guestInfo(ctx context.Context, c *call) error {
	types, flags := c.in.U32(), c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	case types&^guestKnown != 0:
		return wrong(codeInvalidArg, domainLXC, "unsupported guest information types '0x%x'", types&^guestKnown)
	}
	if err := c.mustRun(); err != nil {
		return err
	}
	var list []xdr.Typed
	for _, part := range []struct {
		is  uint32
		get func(context.Context, *call) ([]xdr.Typed, error)
	}{{guestOS, guestSystem}, {guestZone, guestTimeZone}, {guestHostname, guestName}, {guestFiles, guestMounts}, {guestLinks, guestInterfaces}} {
		if types != 0 && types&part.is == 0 {
			continue
		}
		fields, err := part.get(ctx, c)
		_, ended := errors.AsType[*service.StateError](err)
		if err != nil && (types != 0 || ended || service.Refused(err)) {
			return err
		}
		list = append(list, fields...)
	}
	c.out.Typed(list[:min(len(list), maxGuest)])
	return nil
}

func guestSystem(ctx context.Context, c *call) ([]xdr.Typed, error) {
	release, err := c.core().Release(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	var list []xdr.Typed
	put := func(field, value string) {
		if value != "" {
			list = append(list, xdr.TextOf(field, plain(value)))
		}
	}
	for _, f := range [][2]string{
		{"os.id", "ID"},
		{"os.name", "NAME"},
		{"os.pretty-name", "PRETTY_NAME"},
		{"os.version", "VERSION"},
		{"os.version-id", "VERSION_ID"},
		{"os.variant", "VARIANT"},
		{"os.variant-id", "VARIANT_ID"},
	} {
		put(f[0], release[f[1]])
	}
	kernel, version, machine := service.KernelNames()
	put("os.kernel-release", kernel)
	put("os.kernel-version", version)
	put("os.machine", machine)
	return list, nil
}

func guestTimeZone(ctx context.Context, c *call) ([]xdr.Typed, error) {
	zone, err := c.core().TimeZone(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	return []xdr.Typed{xdr.TextOf("timezone.name", plain(zone.Name)), xdr.IntOf("timezone.offset", int32(zone.Offset))}, nil
}

func guestName(ctx context.Context, c *call) ([]xdr.Typed, error) {
	name, err := c.core().HostName(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	return []xdr.Typed{xdr.TextOf("hostname", plain(name))}, nil
}

func guestMounts(ctx context.Context, c *call) ([]xdr.Typed, error) {
	all, err := c.core().FileSystems(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	all = all[:min(len(all), maxFileSystems)]
	list := []xdr.Typed{xdr.UIntOf("fs.count", uint32(len(all)))}
	for i, fs := range all {
		at := "fs." + strconv.Itoa(i) + "."
		list = append(list, xdr.TextOf(at+"mountpoint", plain(fs.MountPoint)), xdr.TextOf(at+"name", plain(fs.Name)), xdr.TextOf(at+"fstype", plain(fs.Type)))
	}
	return list, nil
}

// maxLinks and maxAddresses bound an answer with the addresses of a container.
const (
	maxLinks     = 64
	maxAddresses = 8
)

func guestInterfaces(ctx context.Context, c *call) ([]xdr.Typed, error) {
	all, err := c.core().GuestInterfaces(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	all = all[:min(len(all), maxLinks)]
	list := []xdr.Typed{xdr.UIntOf("if.count", uint32(len(all)))}
	for i, link := range all {
		at := "if." + strconv.Itoa(i) + "."
		list = append(list, xdr.TextOf(at+"name", plain(link.Name)))
		if link.MAC != "" {
			list = append(list, xdr.TextOf(at+"hwaddr", link.MAC))
		}
		list = append(list, guestAddresses(at, link)...)
	}
	return list, nil
}

func guestAddresses(at string, link guest.Interface) []xdr.Typed {
	addresses := link.Addresses[:min(len(link.Addresses), maxAddresses)]
	list := []xdr.Typed{xdr.UIntOf(at+"addr.count", uint32(len(addresses)))}
	for n, a := range addresses {
		of := at + "addr." + strconv.Itoa(n) + "."
		list = append(list, xdr.TextOf(of+"type", family(a)), xdr.TextOf(of+"addr", a.Addr().String()), xdr.UIntOf(of+"prefix", uint32(a.Bits())))
	}
	return list
}

func family(a netip.Prefix) string {
	if a.Addr().Is6() {
		return "ipv6"
	}
	return "ipv4"
}
