package remote

import (
	"context"

	"github.com/berthd/berth/internal/node"
)

// sysinfo answers with what the firmware says of the host. What the kernel shows to root only, it tells root only.
func sysinfo(_ context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	firmware := c.core().NodeFirmware()
	if !c.by.Root() {
		firmware = firmware.Without(node.Secrets())
	}
	text, found, err := firmware.Sysinfo()
	if err != nil {
		return err
	}
	if !found {
		return wrong(codeConfigUnsupported, domainLXC, "Host SMBIOS information is not available")
	}
	c.out.Text(text)
	return nil
}

// domainCapabilities answers with what definitions of containers can have.
func domainCapabilities(_ context.Context, c *call) error {
	var w node.Wanted
	for _, into := range []*string{&w.Emulator, &w.Arch, &w.Machine, &w.Type} {
		*into, _ = c.in.OptionalText()
	}
	if err := c.noFlags(); err != nil {
		return err
	}
	info, err := c.core().NodeInfo()
	if err != nil {
		return err
	}
	text, found, err := node.DomainCapabilities(info, w)
	if err != nil {
		return err
	}
	if !found {
		return wrong(codeInvalidArg, domainLXC, "could not find capabilities for emulator=%.60s arch=%.60s machine=%.60s domaintype=%.60s", w.Emulator, w.Arch, w.Machine, w.Type)
	}
	c.out.Text(text)
	return nil
}
