package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/groqclient"
)

// maxInput bounds a text that is read to be sent.
const maxInput = 64 << 20

// request puts together what the flags ask for, and sets talk.turn.
func (a *app) request(f *promptFlags, talk *talk, text string) (*groqclient.ChatRequest, error) {
	if f.model == "" {
		return nil, usagef("no model: give -m, or set one with `lpuctl config set model ID`; `lpuctl models` lists them")
	}
	results, err := talk.results(f.toolResults)
	if err != nil {
		return nil, err
	}
	question, err := a.question(f, text, len(results) > 0)
	if err != nil {
		return nil, err
	}
	if f.systemFile != "" {
		if f.system, err = a.readText(f.systemFile); err != nil {
			return nil, err
		}
	}
	req := &groqclient.ChatRequest{Model: f.model, Messages: talk.ask(f.system, append(results, question...))}
	f.samplingFlags.apply(req)
	if f.streams() && (f.stats || f.json || f.jsonl) && !isGroq(f.baseURL) {
		req.StreamOptions = &groqclient.StreamOptions{IncludeUsage: true}
	}
	return req, f.inputFlags.apply(req)
}

// isGroq reports whether the server is Groq's own, which states the usage of a
// stream without being asked.
func isGroq(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && (u.Hostname() == "groq.com" || strings.HasSuffix(u.Hostname(), ".groq.com"))
}

// apply sets what was given: a default would be counted against the limits, or
// refused by models that do not know the field.
func (f *samplingFlags) apply(req *groqclient.ChatRequest) {
	if f.tokens >= 0 {
		req.MaxCompletionTokens = groqclient.Set(f.tokens)
	}
	if f.temp >= 0 {
		req.Temperature = groqclient.Set(f.temp)
	}
	if f.topP >= 0 {
		req.TopP = groqclient.Set(f.topP)
	}
	if f.seed != -1 {
		req.Seed = groqclient.Set(f.seed)
	}
}

func (f *inputFlags) apply(req *groqclient.ChatRequest) (err error) {
	if f.effort != "" {
		req.ReasoningEffort = groqclient.Set(f.effort)
	}
	if f.serviceTier != "" {
		req.ServiceTier = groqclient.Set(f.serviceTier)
	}
	if f.toolChoice != "" {
		req.ToolChoice = toolChoice(f.toolChoice)
	}
	if f.toolsFile != "" {
		if req.Tools, err = readTools(f.toolsFile); err != nil {
			return err
		}
	}
	if f.schemaFile != "" {
		req.ResponseFormat, err = readSchema(f.schemaFile, f.strict)
	}
	return err
}

func toolChoice(s string) *groqclient.ToolChoice {
	if slices.Contains([]string{"auto", "required", "none"}, s) {
		return &groqclient.ToolChoice{Mode: s}
	}
	return &groqclient.ToolChoice{Function: s}
}

// question is the message of the user; there may be none if results of tools
// are sent.
func (a *app) question(f *promptFlags, text string, optional bool) ([]groqclient.Message, error) {
	text, err := a.inputText(f, text)
	if err != nil {
		return nil, err
	}
	if len(f.images) == 0 {
		switch {
		case strings.TrimSpace(text) != "":
			return []groqclient.Message{groqclient.UserMessage(text)}, nil
		case optional:
			return nil, nil
		}
		return nil, usagef("nothing to ask: give TEXT, -f FILE, or something on stdin")
	}
	var parts []groqclient.Part
	if text != "" {
		parts = append(parts, groqclient.TextPart(text))
	}
	for _, image := range f.images {
		part, err := imagePart(image)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return []groqclient.Message{groqclient.UserParts(parts...)}, nil
}

func imagePart(image string) (groqclient.Part, error) {
	if strings.HasPrefix(image, "https://") || strings.HasPrefix(image, "http://") {
		return groqclient.ImagePart(image, ""), nil
	}
	return groqclient.ImageFile(image)
}

// inputText joins files, stdin and the argument, as far as they are there, with
// empty lines.
func (a *app) inputText(f *promptFlags, argument string) (string, error) {
	sources := slices.Clone(f.files)
	if !slices.Contains(sources, "-") && a.in != nil && !terminal(a.in) {
		sources = append(sources, "-")
	}
	var texts []string
	for _, source := range sources {
		text, err := a.readText(source)
		if err != nil {
			return "", err
		}
		texts = append(texts, strings.TrimRight(text, "\r\n"))
	}
	texts = append(texts, argument)
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n\n"), nil
}

// readText reads a file of text, stdin if its name is "-".
func (a *app) readText(path string) (string, error) {
	data, err := a.readInput(path)
	if err == nil && !utf8.Valid(data) {
		err = fmt.Errorf("%s: not UTF-8 text; pictures go with --image", path)
	}
	return string(data), err
}

func (a *app) readInput(path string) ([]byte, error) {
	in := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case len(data) > maxInput:
		return nil, fmt.Errorf("%s: larger than %s", path, bytesText(maxInput))
	}
	return data, nil
}

// readSchema reads a JSON Schema. With strict it is held against the rules of
// strict outputs now, which costs nothing, and not by the API.
func readSchema(path string, strict bool) (*groqclient.ResponseFormat, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, usagef("%s: not JSON", path)
	}
	if strict {
		if err := groqclient.CheckStrict(data); err != nil {
			return nil, usagef("%s: %w (--strict=false sends it as it is)", path, err)
		}
	}
	return groqclient.JSONSchema("answer", data, strict), nil
}

// readTools reads a list of tools as the API takes them, or of bare functions.
func readTools(path string) ([]groqclient.Tool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, usagef("%s: want a JSON array of tools: %w", path, err)
	}
	tools := make([]groqclient.Tool, len(list))
	for i, raw := range list {
		if tools[i], err = readTool(raw); err != nil {
			return nil, usagef("%s: tool %d: %w", path, i, err)
		}
	}
	return tools, nil
}

func readTool(raw json.RawMessage) (groqclient.Tool, error) {
	var tool groqclient.Tool
	if err := json.Unmarshal(raw, &tool); err != nil {
		return tool, err
	}
	if tool.Type != "" {
		return tool, nil
	}
	var f groqclient.Function
	if err := json.Unmarshal(raw, &f); err != nil {
		return tool, err
	}
	if f.Name == "" {
		return tool, errors.New("neither a type nor a name")
	}
	return groqclient.Tool{Type: "function", Function: &f}, nil
}
