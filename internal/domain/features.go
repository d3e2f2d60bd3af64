package domain

func readFeatures(d *Def, x *document) error {
	d.Features.Capabilities.Policy = CapDefault
	f := x.Features
	if f == nil {
		return nil
	}
	d.Features.PrivNet = f.PrivNet != nil
	for _, kept := range []struct {
		there bool
		name  string
	}{{f.ACPI != nil, "acpi"}, {f.APIC != nil, "apic"}, {f.PAE != nil, "pae"}} {
		if kept.there {
			d.Features.Kept = append(d.Features.Kept, kept.name)
		}
	}
	if f.APIC != nil {
		switch d.Features.APICEOI = f.APIC.EOI; d.Features.APICEOI {
		case "", "on", "off":
		default:
			return invalid("domain/features/apic@eoi", "'%s' is neither 'on' nor 'off'", f.APIC.EOI)
		}
	}
	if f.Capabilities == nil {
		return nil
	}
	return readCapabilities(&d.Features.Capabilities, f.Capabilities)
}

func readCapabilities(c *Capabilities, x *capabilities) error {
	const at = "domain/features/capabilities"
	switch p := CapPolicy(x.Policy); p {
	case CapDefault, CapAllow, CapDeny:
		c.Policy = p
	case "":
	default:
		return invalid(at+"@policy", "'%s' is unknown; known are default, allow, deny", x.Policy)
	}
	for _, one := range x.List {
		name := one.XMLName.Local
		switch one.State {
		case "", "on", "off":
		default:
			return invalid(at+"/"+name+"@state", "'%s' is neither 'on' nor 'off'", one.State)
		}
		if c.States == nil {
			c.States = map[string]bool{}
		}
		c.States[name] = one.State != "off"
	}
	return nil
}
