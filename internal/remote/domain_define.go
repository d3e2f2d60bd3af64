package remote

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/service"
)

func definitionProcedures() []*procedure {
	define := func(number int32, name string, flags bool) *procedure {
		return &procedure{number: number, name: name, action: contract.ActionManage, verb: "DefineXML", writes: true, mutates: true, run: defineXML(flags)}
	}
	native := &procedure{
		number: 135, name: "virConnectDomainXMLFromNative", action: contract.ActionRead, verb: "ConvertNative", writes: true, run: fromNative,
	}
	return []*procedure{
		as("GetXML", look(14, "virDomainGetXMLDesc", getXML)),
		define(11, "virDomainDefineXML", false), define(350, "virDomainDefineXMLFlags", true),
		change(35, "virDomainUndefine", contract.ActionManage, "Undefine", undefine(false)),
		change(231, "virDomainUndefineFlags", contract.ActionManage, "Undefine", undefine(true)),
		change(29, "virDomainSetAutostart", contract.ActionManage, "SetAutostart", setAutostart(core.SetAutostart)),
		change(450, "virDomainSetAutostartOnce", contract.ActionManage, "SetAutostart", setAutostart(core.SetAutostartOnce)),
		change(264, "virDomainSetMetadata", contract.ActionManage, "SetMetadata", setMetadata),
		as("GetMetadata", look(265, "virDomainGetMetadata", getMetadata)),
		change(358, "virDomainRename", contract.ActionManage, "Rename", rename),
		native,
	}
}

// rename gives a container that is off another name.
func rename(ctx context.Context, c *call) error {
	name, given := c.in.OptionalText()
	if err := c.noFlags(); err != nil {
		return err
	}
	if !given {
		return wrong(codeInvalidArg, domainDomain, "new_name in virDomainRename must not be NULL")
	}
	if err := c.core().Rename(ctx, c.uuid, name); err != nil {
		return err
	}
	c.out.I32(0)
	return nil
}

// The flags of virDomainGetXMLDesc.
const (
	xmlSecure = 1 << iota
	xmlInactive
	xmlUpdateCPU
	xmlMigratable
)

func getXML(ctx context.Context, c *call) error {
	flags := c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^(xmlSecure|xmlInactive|xmlUpdateCPU|xmlMigratable) != 0:
		return unknownFlags(flags, c.proc.name)
	case flags&(xmlSecure|xmlMigratable) != 0 && c.conn.readOnly.Load():
		return fault(codeOperationDenied, domainDomain, "operation forbidden: virDomainGetXMLDesc with secure flag")
	}
	if flags&xmlSecure != 0 {
		q := c.question()
		q.Action = contract.ActionReadSecure
		if err := c.conn.server.access.Allow(ctx, q); err != nil {
			return &deniedError{q.Action, err}
		}
	}
	text, err := c.core().XML(c.uuid, flags&xmlInactive != 0)
	if err != nil {
		return err
	}
	c.out.Text(text)
	return nil
}

func defineXML(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		text, flags := c.in.Text(), uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
		const validate = 1
		switch {
		case c.in.Err() != nil:
			return c.badArguments()
		case flags&^validate != 0:
			return unknownFlags(flags, c.proc.name)
		}
		snap, err := c.core().Define(ctx, []byte(text)) // which validates in any case
		if err != nil {
			return err
		}
		c.out.Domain(domainOf(&snap))
		return nil
	}
}

func undefine(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		flags := uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
		const nothingThere = 0x1 | 0x2 | 0x10 // of what a container has none: a saved state, snapshots, checkpoints
		switch {
		case c.in.Err() != nil:
			return c.badArguments()
		case flags&^nothingThere != 0:
			return unknownFlags(flags, c.proc.name)
		}
		return c.core().Undefine(ctx, c.uuid)
	}
}

func setAutostart(set func(core, context.Context, domain.UUID, bool) error) handler {
	return func(ctx context.Context, c *call) error {
		on := c.in.I32() != 0
		if c.in.Err() != nil {
			return c.badArguments()
		}
		return set(c.core(), ctx, c.uuid, on)
	}
}

// The kinds of metadata by libvirt's numbers.
func metadataKinds() []domain.MetadataKind {
	return []domain.MetadataKind{domain.MetadataDescription, domain.MetadataTitle, domain.MetadataElement}
}

func metadataKind(n int32) (domain.MetadataKind, error) {
	kinds := metadataKinds()
	if n < 0 || int(n) >= len(kinds) {
		return "", wrong(codeInvalidArg, domainDomain, "unknown metadata type %d", n)
	}
	return kinds[n], nil
}

func setMetadata(ctx context.Context, c *call) error {
	n := c.in.I32()
	value, _ := c.in.OptionalText()
	key, _ := c.in.OptionalText()
	uri, _ := c.in.OptionalText()
	flags := c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	kind, err := metadataKind(n)
	if err != nil {
		return err
	}
	o, err := c.impact(flags)
	if err != nil {
		return err
	}
	return c.core().SetMetadata(ctx, c.uuid, domain.Metadata{Kind: kind, Value: value, Key: key, URI: uri}, o)
}

func getMetadata(_ context.Context, c *call) error {
	n := c.in.I32()
	uri, _ := c.in.OptionalText()
	flags := c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	kind, err := metadataKind(n)
	if err != nil {
		return err
	}
	o, err := c.impact(flags)
	if err != nil {
		return err
	}
	value, err := c.core().Metadata(c.uuid, kind, uri, o)
	if err != nil {
		return err
	}
	c.out.Text(value)
	return nil
}

// impact reads the flags that say which definition is meant.
func (c *call) impact(flags uint32) (service.TuneOptions, error) {
	const live, config, texts = 1, 2, 4
	if flags&^(live|config|texts) != 0 {
		return service.TuneOptions{}, unknownFlags(flags, c.proc.name)
	}
	return service.TuneOptions{Live: flags&live != 0, Config: flags&config != 0}, nil
}

func fromNative(_ context.Context, c *call) error {
	format, text, flags := c.in.Text(), c.in.Text(), c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	case format != "lxc-tools":
		return wrong(codeInvalidArg, domainLXC, "unsupported config type %.60s", format)
	}
	r, err := lxcconf.Convert("config", text, lxcconf.Options{Read: syntax.Files(nil, nil)})
	if err != nil {
		return err
	}
	c.out.Text(r.XML)
	return nil
}
