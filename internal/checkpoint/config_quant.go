package checkpoint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
)

// quantization is what quantization_config says about packed weights.
type quantization struct {
	scheme  packed.Scheme
	key     string   // lists the modules whose weights are not packed
	ignored []string // those
	matches func(pattern, module string) bool
}

// quantMethod reads the quantization_config of one quant_method. Keys that
// change neither the layout nor the arithmetic are in harmless; any key that is
// in neither list is an error.
type quantMethod struct {
	keys     []string
	harmless []string
	read     func(f *fields) *quantization
}

func quantMethods() map[string]quantMethod {
	return map[string]quantMethod{
		"awq": {
			[]string{"bits", "group_size", "zero_point", "version", "modules_to_not_convert"},
			[]string{"backend", "do_fuse", "exllama_config", "fuse_max_seq_len", "modules_to_fuse"},
			(*fields).awq,
		},
		"gptq": {
			[]string{"bits", "group_size", "desc_act", "sym", "checkpoint_format", "format", "pack_dtype", "is_marlin_format", "dynamic", "adapter",
				"rotation", "modules_to_not_convert"},
			[]string{"act_group_aware", "backend", "batch_size", "block_name_to_quantize", "cache_block_outputs", "damp_auto_increment", "damp_percent",
				"dataset", "disable_exllama", "exllama_config", "lm_head", "max_input_length", "meta", "method", "model_file_base_name",
				"model_name_or_path", "model_seqlen", "module_name_preceding_first_block", "modules_in_block_to_quantize", "mse",
				"offload_to_disk", "offload_to_disk_path", "pack_impl", "pad_token_id", "static_groups", "tokenizer", "true_sequential",
				"use_cuda_fp16", "use_exllama"},
			(*fields).gptq,
		},
		"compressed-tensors": {
			[]string{"config_groups", "format", "ignore", "kv_cache_scheme", "sparsity_config", "transform_config"},
			[]string{"global_compression_ratio", "quantization_status", "version"},
			(*fields).compressed,
		},
		"bitsandbytes": {
			[]string{"load_in_4bit", "load_in_8bit", "_load_in_4bit", "_load_in_8bit", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant",
				"bnb_4bit_quant_storage", "llm_int8_skip_modules"},
			[]string{"bnb_4bit_compute_dtype", "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight", "llm_int8_threshold"},
			(*fields).bitsandbytes,
		},
		"mxfp4": {
			[]string{"modules_to_not_convert"},
			[]string{"dequantize"},
			func(*fields) *quantization {
				return &quantization{packed.MXFP4{}, "modules_to_not_convert", nil, partOf}
			},
		},
	}
}

// parseQuantization reads quantization_config of config.json; nil if it has
// none. An error names the key.
func parseQuantization(text []byte) (*quantization, error) {
	f, err := jsonFields(text)
	if err != nil {
		return nil, err
	}
	q := f.quantization("quantization_config")
	return q, f.err
}

func (f *fields) quantization(key string) *quantization {
	object := f.object(key)
	if object == nil {
		return nil
	}
	sub := mapFields(key+".", object)
	defer func() { f.err = cmp.Or(f.err, sub.err) }()
	sub.need("quant_method")
	name := sub.string("quant_method", "")
	method, ok := quantMethods()[name]
	if !ok {
		sub.fail("quant_method", "is %s; lpuctl supports %s", show(name), strings.Join(sortedKeys(quantMethods()), ", "))
		return nil
	}
	sub.only(object, slices.Concat([]string{"quant_method"}, method.keys, method.harmless))
	q := method.read(sub)
	q.ignored = sub.names(q.key)
	return q
}

// object returns an object, nil if the key is absent.
func (f *fields) object(key string) map[string]any {
	v := f.value(key)
	object, ok := v.(map[string]any)
	if !ok && v != nil {
		f.fail(key, "is %s, not an object", show(v))
	}
	return object
}

// only fails if the object has other keys.
func (f *fields) only(object map[string]any, keys []string) {
	for _, key := range sortedKeys(object) {
		if !slices.Contains(keys, key) {
			f.fail(key, "is %s; lpuctl does not know this key", show(object[key]))
		}
	}
}

// names returns a list of strings.
func (f *fields) names(key string) []string {
	var names []string
	for _, v := range f.list(key) {
		s, ok := v.(string)
		if !ok || s == "" {
			f.fail(key, "has %s, not a name", show(v))
		}
		names = append(names, s)
	}
	return names
}

// oneOf returns an integer that must be in the list.
func (f *fields) oneOf(key string, list ...int) int {
	f.need(key)
	n := f.int(key, list[0])
	if !slices.Contains(list, n) {
		f.fail(key, "is %d; lpuctl supports %v", n, list)
		return list[0]
	}
	return n
}

// groupSize returns the inputs of a group, -1 for all.
func (f *fields) groupSize(key string) int {
	n := f.int(key, -1)
	if n != -1 && (n < 1 || n > maxSize) {
		f.fail(key, "is %d, want -1 or 1 to %d", n, maxSize)
		return -1
	}
	return n
}

func (f *fields) awq() *quantization {
	f.oneOf("bits", 4)
	f.need("group_size")
	f.refuse([]neutral{{"zero_point", true}})
	version := strings.ToLower(f.string("version", "gemm"))
	switch version {
	case "gemm", "gemv":
	case "gemv_fast":
		f.fail("version", `is "gemv_fast", which stores products of scale and zero point, rounded to float16, instead of the zero points`)
	default:
		f.fail("version", "is %s; lpuctl supports gemm and gemv", show(version))
	}
	scheme := packed.AWQ{Group: f.groupSize("group_size"), GEMV: version == "gemv"}
	return &quantization{scheme, "modules_to_not_convert", nil, partOf}
}

func (f *fields) gptq() *quantization {
	f.need("group_size")
	f.refuse([]neutral{{"pack_dtype", "int32"}, {"is_marlin_format", false}, {"dynamic", map[string]any{}}, {"adapter", nil}, {"rotation", nil}})
	format := f.string("checkpoint_format", f.string("format", "gptq"))
	if format != "gptq" && format != "gptq_v2" {
		f.fail("checkpoint_format", "is %s; lpuctl supports gptq and gptq_v2", show(format))
	}
	scheme := packed.GPTQ{
		Bits: f.oneOf("bits", 4, 8), Group: f.groupSize("group_size"), V2: format == "gptq_v2",
		Symmetric: f.bool("sym", true), ActOrder: f.bool("desc_act", false),
	}
	return &quantization{scheme, "modules_to_not_convert", nil, partOf}
}

func (f *fields) bitsandbytes() *quantization {
	f.refuse([]neutral{{"load_in_8bit", false}, {"_load_in_8bit", false}, {"bnb_4bit_quant_storage", "uint8"}})
	if !f.bool("load_in_4bit", f.bool("_load_in_4bit", false)) {
		f.fail("load_in_4bit", "is not true; lpuctl supports only 4 bits")
	}
	if kind := f.string("bnb_4bit_quant_type", "fp4"); kind != "nf4" {
		f.fail("bnb_4bit_quant_type", "is %s; lpuctl supports only nf4", show(kind))
	}
	scheme := packed.NF4{Double: f.bool("bnb_4bit_use_double_quant", false)}
	return &quantization{scheme, "llm_int8_skip_modules", nil, partOf}
}

// partOf says whether the pattern is a run of the dotted components of a name.
// A * stands for any one component.
func partOf(pattern, name string) bool {
	want, have := strings.Split(strings.Trim(pattern, "."), "."), strings.Split(name, ".")
	same := func(p, c string) bool { return p == "*" || p == c }
	for ; len(have) >= len(want); have = have[1:] {
		if slices.EqualFunc(want, have[:len(want)], same) {
			return true
		}
	}
	return false
}

// compressedGroup is one of the config_groups of compressed-tensors.
type compressedGroup struct {
	targets []string
	args    packed.CompressedArgs
}

func (f *fields) compressed() *quantization {
	none := map[string]any{}
	f.need("format", "config_groups")
	f.refuse([]neutral{{"format", "pack-quantized"}, {"kv_cache_scheme", nil}, {"sparsity_config", none}, {"transform_config", none}})
	var groups []compressedGroup
	object := f.object("config_groups")
	for _, name := range sortedKeys(object) {
		groups = append(groups, f.compressedGroup("config_groups."+name, object[name]))
	}
	args := func(module string) (packed.CompressedArgs, error) {
		for _, g := range groups {
			if slices.ContainsFunc(g.targets, func(t string) bool { return t == "Linear" || matchesTarget(t, module) }) {
				return g.args, nil
			}
		}
		return packed.CompressedArgs{}, fmt.Errorf("no group of quantization_config.config_groups has it among its targets")
	}
	f.patterns("ignore", f.names("ignore"))
	return &quantization{packed.Compressed{Args: args}, "ignore", nil, matchesTarget}
}

func (f *fields) compressedGroup(key string, v any) compressedGroup {
	object, ok := v.(map[string]any)
	if !ok {
		f.fail(key, "is %s, not an object", show(v))
		return compressedGroup{}
	}
	sub := mapFields(f.prefix+key+".", object)
	sub.only(object, []string{"format", "input_activations", "output_activations", "targets", "weights"})
	sub.refuse([]neutral{{"format", "pack-quantized"}, {"input_activations", nil}, {"output_activations", nil}})
	sub.need("targets", "weights")
	g := compressedGroup{targets: sub.names("targets")}
	sub.patterns("targets", g.targets)
	weights := sub.object("weights")
	w := mapFields(sub.prefix+"weights.", weights)
	g.args = w.compressedWeights(weights)
	f.err = cmp.Or(f.err, cmp.Or(sub.err, w.err))
	return g
}

// compressedWeights reads the QuantizationArgs of weights.
func (f *fields) compressedWeights(object map[string]any) packed.CompressedArgs {
	f.only(object, []string{"actorder", "block_structure", "dynamic", "group_size", "num_bits", "observer", "observer_kwargs",
		"scale_dtype", "strategy", "symmetric", "type", "zp_dtype"})
	f.refuse([]neutral{{"block_structure", nil}, {"dynamic", false}, {"type", "int"}})
	args := packed.CompressedArgs{Bits: f.oneOf("num_bits", 4, 8), Group: f.groupSize("group_size"), Symmetric: f.bool("symmetric", true)}
	switch strategy := f.string("strategy", ""); {
	case strategy == "channel" && args.Group == -1:
	case strategy == "group" && args.Group > 0:
	case strategy == "" && f.value("strategy") == nil:
	default:
		f.fail("strategy", "is %s with a group_size of %d; lpuctl supports group, and channel without one", show(strategy), args.Group)
	}
	switch v := f.value("actorder"); v {
	case "group", "dynamic", true: // three spellings of one, the last two are older
		args.ActOrder = true
	case nil, "weight", "static", false: // the order has left no trace in the file
	default:
		f.fail("actorder", "is %s; lpuctl supports group, weight and null", show(v))
	}
	return args
}

// patterns fails unless all "re:" names are regular expressions.
func (f *fields) patterns(key string, names []string) {
	for _, name := range names {
		if re, ok := strings.CutPrefix(name, "re:"); ok {
			if _, err := regexp.Compile(re); err != nil {
				f.fail(key, "has %s: %v", show(name), err)
			}
		}
	}
}

// matchesTarget says whether a name of compressed-tensors, or a regular
// expression after "re:" that matches from the start, is that of the module.
func matchesTarget(target, module string) bool {
	re, ok := strings.CutPrefix(target, "re:")
	if !ok {
		return target == module
	}
	matched, err := regexp.MatchString("^(?:"+re+")", module)
	return matched && err == nil
}
