// Package moving brings the containers of other managers to Berth.
//
// Look decides, for each container and network that package foreign has found, what is made of it, and changes nothing.
// Carry does so for one of them: all of it, or nothing. The source is only ever read. The package asks berthd, as any
// client does, to convert, check and store definitions; it decides itself which ones are there already.
package moving
