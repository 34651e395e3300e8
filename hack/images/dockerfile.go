package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// dockerfile is what the images of this repository need of a Dockerfile: files
// copied onto nothing, and how to run them.
type dockerfile struct {
	copies     []copyLine
	user       string
	entrypoint []string
	cmd        []string
	env        []string          // NAME=value
	ports      []string          // number/tcp
	labels     map[string]string // image metadata; versionLabel names the tag
}

// copyLine copies sources, relative to the context, to a place in the image.
type copyLine struct {
	sources []string
	target  string // absolute; with a slash at the end it is a folder
}

// parseDockerfile reads the subset FROM scratch, COPY, USER, ENTRYPOINT, CMD,
// ENV, EXPOSE and LABEL. Anything else is an error that names the line: a
// Dockerfile that Docker and this program would read differently is of no use.
func parseDockerfile(raw []byte) (dockerfile, error) {
	file := dockerfile{labels: map[string]string{}}
	var from bool
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		instruction, rest, _ := strings.Cut(line, " ")
		if !from && (instruction != "FROM" || strings.TrimSpace(rest) != "scratch") {
			return dockerfile{}, fmt.Errorf("line %d: a Dockerfile here starts with FROM scratch", number)
		}
		if !from {
			from = true
			continue
		}
		if err := file.apply(instruction, strings.TrimSpace(rest)); err != nil {
			return dockerfile{}, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return dockerfile{}, fmt.Errorf("read the Dockerfile: %w", err)
	}
	if len(file.copies) == 0 || len(file.entrypoint) == 0 {
		return dockerfile{}, fmt.Errorf("a Dockerfile here needs FROM scratch, COPY and ENTRYPOINT")
	}
	return file, nil
}

func (d *dockerfile) apply(instruction, rest string) error {
	switch instruction {
	case "COPY":
		return d.addCopy(strings.Fields(rest))
	case "USER":
		d.user = rest
	case "ENTRYPOINT":
		return words(rest, &d.entrypoint)
	case "CMD":
		return words(rest, &d.cmd)
	case "ENV":
		name, value, ok := pair(rest)
		if !ok {
			return fmt.Errorf("ENV takes one NAME=value, found %q", rest)
		}
		d.env = append(d.env, name+"="+value)
	case "EXPOSE":
		for _, port := range strings.Fields(rest) {
			d.ports = append(d.ports, port+"/tcp")
		}
	case "LABEL":
		name, value, ok := pair(rest)
		if !ok {
			return fmt.Errorf("LABEL takes one name=value, found %q", rest)
		}
		d.labels[name] = value
	default:
		return fmt.Errorf("%s is not supported: images are built from COPY lines alone", instruction)
	}
	return nil
}

func (d *dockerfile) addCopy(fields []string) error {
	if len(fields) < 2 {
		return fmt.Errorf("COPY takes sources and a target")
	}
	line := copyLine{sources: fields[:len(fields)-1], target: fields[len(fields)-1]}
	if !path.IsAbs(line.target) {
		return fmt.Errorf("COPY target %q must start with /", line.target)
	}
	if len(line.sources) > 1 && !strings.HasSuffix(line.target, "/") {
		return fmt.Errorf("COPY of several sources needs a target that ends with /")
	}
	for _, source := range line.sources {
		if path.IsAbs(source) || strings.HasPrefix(source, "-") || slices.Contains(strings.Split(source, "/"), "..") {
			return fmt.Errorf("COPY source %q must be a path inside the context", source)
		}
	}
	d.copies = append(d.copies, line)
	return nil
}

// words reads the JSON form of ENTRYPOINT and CMD; there is no shell for the other.
func words(raw string, into *[]string) error {
	if err := json.Unmarshal([]byte(raw), into); err != nil || len(*into) == 0 {
		return fmt.Errorf(`%q must be a list such as ["/program", "argument"]`, raw)
	}
	return nil
}

func pair(raw string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(raw, "=")
	if strings.ContainsAny(value, " \t") && !strings.HasPrefix(value, `"`) {
		return "", "", false
	}
	return name, strings.Trim(value, `"`), ok && name != "" && !strings.ContainsAny(name, " \t")
}
