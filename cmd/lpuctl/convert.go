package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/convert"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// convertFlags are those of `lpuctl convert`.
type convertFlags struct {
	output string
	typ    string
	json   bool
}

// converted is what `lpuctl convert --json` prints.
type converted struct {
	Output  string  `json:"output"`
	Tensors int     `json:"tensors"`
	Bytes   int64   `json:"bytes"` // of tensors
	Seconds float64 `json:"seconds"`
}

func newConvert(a *app) *cobra.Command {
	var f convertFlags
	cmd := &cobra.Command{
		Use:   "convert MODEL -o OUT",
		Short: "Write a model as a GGUF file or a Hugging Face folder",
		Long: `Write a model in another format: a GGUF file if OUT ends in .gguf, else a Hugging Face folder.
Matrices keep their type if the format has it. OUT appears only when it is complete.`,
		Example: `  lpuctl convert builtin:stories260k -o stories260k-hf
  lpuctl convert builtin:stories260k -o stories260k-q8.gguf --type q8_0`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.output == "" {
				return usagef("-o OUT is needed")
			}
			return a.convert(cmd.Context(), &f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "file.gguf or folder to write")
	flags.StringVar(&f.typ, "type", "keep", "type of the matrices: keep, f32, f16, bf16, and for GGUF q8_0 and q4_0")
	flags.BoolVar(&f.json, "json", false, "print a JSON object")
	complete(cmd, "type", []string{"keep", "f32", "f16", "bf16", "q8_0", "q4_0"})
	return cmd
}

// weightType is the type that a flag names, nil for "keep".
func weightType(name string) (*quant.Type, error) {
	for _, t := range []*quant.Type{quant.F32, quant.F16, quant.BF16, quant.Q8_0, quant.Q4_0} {
		if strings.EqualFold(t.Name, name) {
			return t, nil
		}
	}
	if name != "keep" {
		return nil, usagef("--type %s: want keep, f32, f16, bf16, q8_0 or q4_0", name)
	}
	return nil, nil
}

func (a *app) convert(ctx context.Context, f *convertFlags, spec string) error {
	typ, err := weightType(f.typ)
	if err != nil {
		return err
	}
	m, err := model.Open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Checkpoint == nil {
		return usagef("%s has no weights to convert", spec)
	}
	var plan *convert.Plan
	if strings.HasSuffix(f.output, ".gguf") {
		plan, err = convert.ToGGUF(m.Checkpoint, m.Config.Name, typ)
	} else {
		plan, err = convert.ToHF(m.Checkpoint, typ)
	}
	if err != nil {
		return fmt.Errorf("convert %s: %w", spec, err)
	}
	return a.writeConverted(ctx, f, plan)
}

func (a *app) writeConverted(ctx context.Context, f *convertFlags, plan *convert.Plan) error {
	start := time.Now()
	add, done := a.progress(plan.Bytes(), f.output, true)
	err := plan.Write(ctx, f.output, add)
	done()
	if err != nil {
		return err
	}
	s := converted{f.output, plan.Tensors(), plan.Bytes(), time.Since(start).Seconds()}
	if f.json {
		return json.NewEncoder(a.out).Encode(s)
	}
	fmt.Fprintf(a.out, "%s: %d tensors, %s, in %.2f s\n", s.Output, s.Tensors, bytesText(s.Bytes), s.Seconds)
	return nil
}
