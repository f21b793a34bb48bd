// Writes SDKs for other languages, as `pulumi package gen-sdk` does with language hosts, which aren't Go modules that can be had.
// Usage: pulumi-gen-sdk SCHEMA FOLDER; FOLDER/python, FOLDER/nodejs and FOLDER/go are written.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blang/semver"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: pulumi-gen-sdk SCHEMA FOLDER"))
	}
	text, err := os.ReadFile(os.Args[1])
	fail(err)
	for language, generate := range generators {
		// Generators write into the package that they are given, so each has its own.
		files, err := generate(bind(text))
		fail(err)
		for name, content := range files {
			path := filepath.Join(os.Args[2], language, name)
			fail(os.MkdirAll(filepath.Dir(path), 0o755))
			fail(os.WriteFile(path, content, 0o644))
		}
	}
}

type files = map[string][]byte

var generators = map[string]func(*schema.Package) (files, error){
	"go": func(pkg *schema.Package) (files, error) {
		return golang.GeneratePackage("meshspan", pkg, nil)
	},
	"nodejs": func(pkg *schema.Package) (files, error) {
		return nodejs.GeneratePackage("meshspan", pkg, nil, nil, false, nothing{})
	},
	"python": func(pkg *schema.Package) (files, error) {
		return python.GeneratePackage("meshspan", pkg, nil, nothing{})
	},
}

// Holds the schema against Pulumi's schema of schemas, and its references against what it has.
func bind(text []byte) *schema.Package {
	var spec schema.PackageSpec
	fail(json.Unmarshal(text, &spec))
	pkg, diagnostics, err := schema.BindSpec(spec, nothing{}, schema.ValidationOptions{})
	fail(err)
	for _, diagnostic := range diagnostics {
		fmt.Fprintln(os.Stderr, diagnostic)
	}
	if len(diagnostics) > 0 {
		os.Exit(1)
	}
	return pkg
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The schema refers to no other package.
type nothing struct{}

var errNothing = errors.New("no other package is known")

func (nothing) LoadPackage(string, *semver.Version) (*schema.Package, error) {
	return nil, errNothing
}

func (nothing) LoadPackageV2(context.Context, *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, errNothing
}

func (nothing) LoadPackageReference(string, *semver.Version) (schema.PackageReference, error) {
	return nil, errNothing
}

func (nothing) LoadPackageReferenceV2(
	context.Context, *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return nil, errNothing
}
