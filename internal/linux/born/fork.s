// Empty: with an assembly file in the package, Go accepts functions that are declared without a body (child.go).
