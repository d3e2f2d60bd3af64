package domain

func readFeatures(d *Def, x *document, f *faults) {
	d.Features.Capabilities.Policy = CapDefault
	from := x.Features
	if from == nil {
		return
	}
	d.Features.PrivNet = from.PrivNet != nil
	for _, kept := range []struct {
		there bool
		name  string
	}{{from.ACPI != nil, "acpi"}, {from.APIC != nil, "apic"}, {from.PAE != nil, "pae"}} {
		if kept.there {
			d.Features.Kept = append(d.Features.Kept, kept.name)
		}
	}
	if from.APIC != nil {
		switch d.Features.APICEOI = from.APIC.EOI; d.Features.APICEOI {
		case "", "on", "off":
		default:
			f.invalid("domain/features/apic@eoi", "'%s' is neither 'on' nor 'off'", from.APIC.EOI)
		}
	}
	if from.Capabilities != nil {
		readCapabilities(&d.Features.Capabilities, from.Capabilities, f)
	}
}

func readCapabilities(c *Capabilities, x *capabilities, f *faults) {
	const at = "domain/features/capabilities"
	switch p := CapPolicy(x.Policy); p {
	case CapDefault, CapAllow, CapDeny:
		c.Policy = p
	case "":
	default:
		f.invalid(at+"@policy", "'%s' is unknown; known are default, allow, deny", x.Policy)
	}
	for _, one := range x.List {
		name := one.XMLName.Local
		switch one.State {
		case "", "on", "off":
		default:
			f.invalid(at+"/"+name+"@state", "'%s' is neither 'on' nor 'off'", one.State)
		}
		if c.States == nil {
			c.States = map[string]bool{}
		}
		c.States[name] = one.State != "off"
	}
}
