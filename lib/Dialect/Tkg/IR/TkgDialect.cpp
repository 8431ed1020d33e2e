//===- TkgDialect.cpp - registration, attributes and types of tkg ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::DigitShape;
using tk::HardwareDigitText;
using tk::HardwareDim;
using tk::Layout;

#include "tk/Dialect/Tkg/IR/TkgDialect.cpp.inc"
#include "tk/Dialect/Tkg/IR/TkgEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tk/Dialect/Tkg/IR/TkgAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "tk/Dialect/Tkg/IR/TkgTypes.cpp.inc"

//===----------------------------------------------------------------------===//
// Dialect
//===----------------------------------------------------------------------===//

namespace {
/// Layouts are long: print them once, above the module, under a name.
struct TkgAsmInterface : public OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    return llvm::TypeSwitch<Attribute, AliasResult>(attr)
        .Case<LayoutAttr, MmaAttr, SharedAttr>([&](auto named) {
          os << named.getMnemonic();
          return AliasResult::FinalAlias;
        })
        .Default(AliasResult::NoAlias);
  }
};

/// The encodings of tiles are ours, so the verifiers of `tk` ops ask us.
struct TkgTileLayoutInterface : public tk::TileLayoutInterface {
  using tk::TileLayoutInterface::TileLayoutInterface;

  LogicalResult verifyLayouts(Operation *op) const override {
    return tkg::verifyLayouts(op);
  }
};
} // namespace

void TkgDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tk/Dialect/Tkg/IR/TkgAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "tk/Dialect/Tkg/IR/TkgTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tk/Dialect/Tkg/IR/TkgOps.cpp.inc"
      >();
  addInterfaces<TkgAsmInterface, TkgTileLayoutInterface>();
}

/// Folds of convert_layout give constants of another tile type.
Operation *TkgDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

namespace {
/// What a discardable attribute must be: on which op, of which form.
struct AttributeRule {
  StringLiteral name;
  bool (*isRightOp)(Operation *op);
  StringLiteral opText;
  bool (*isRightValue)(Attribute value);
  StringLiteral valueText;
};
} // namespace

static bool isKernel(Operation *op) {
  // Lowering keeps the attributes of a kernel on its function; the dialect of
  // that function is none of ours.
  return isa<tk::KernelOp>(op) || op->getName().getStringRef() == "llvm.func";
}
static bool isModule(Operation *op) { return isa<ModuleOp>(op); }
static bool isAnyOp(Operation *) { return true; }
static bool isLoop(Operation *op) { return isa<scf::ForOp>(op); }
static bool isReduce(Operation *op) { return isa<tk::ReduceOp>(op); }
static bool isReshape(Operation *op) { return isa<tk::ReshapeOp>(op); }
static bool isString(Attribute value) { return isa<StringAttr>(value); }
static bool isUnit(Attribute value) { return isa<UnitAttr>(value); }
static bool isHostExprs(Attribute value) {
  auto texts = dyn_cast<ArrayAttr>(value);
  return texts && !llvm::errorToBool(tk::parseHostExprs(texts).takeError());
}

template <unsigned width, int64_t minimum>
static bool isInteger(Attribute value) {
  auto integer = dyn_cast<IntegerAttr>(value);
  return integer && integer.getType().isSignlessInteger(width) &&
         integer.getInt() >= minimum;
}

static constexpr AttributeRule kAttributeRules[] = {
    {kTargetAttr, isModule, "a module", isString, "a string"},
    {kThreadsPerWarpAttr, isModule, "a module", isInteger<32, 1>,
     "a positive i32"},
    {kWarpsAttr, isKernel, "a 'tk.kernel'", isInteger<32, 1>, "a positive i32"},
    {kSharedBytesAttr, isKernel, "a 'tk.kernel'", isInteger<64, 0>,
     "an i64 of at least 0"},
    {kVariantAttr, isKernel, "a 'tk.kernel'", isString, "a string"},
    {kKernelAttr, isKernel, "a 'tk.kernel'", isString, "a string"},
    {kPreconditionsAttr, isKernel, "a 'tk.kernel'", isHostExprs,
     "an array of host expressions"},
    {kStageAttr, isAnyOp, "", isInteger<32, 0>, "an i32 of at least 0"},
    {kOrderAttr, isAnyOp, "", isInteger<32, 0>, "an i32 of at least 0"},
    {kNumStagesAttr, isLoop, "an 'scf.for'", isInteger<32, 1>,
     "a positive i32"},
    {kRolledAttr, isLoop, "an 'scf.for'", isUnit, "a unit"},
    {kScratchOffsetAttr, isAnyOp, "", isInteger<64, 0>, "an i64 of at least 0"},
    {kScratchSlotsAttr, isReduce, "a 'tk.reduce'", isInteger<32, 1>,
     "a positive i32"},
    {kThroughMemoryAttr, isReshape, "a 'tk.reshape'", isUnit, "a unit"},
};

LogicalResult TkgDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attr) {
  const auto *rule = llvm::find_if(kAttributeRules, [&](const auto &rule) {
    return rule.name == attr.getName().strref();
  });
  // Attributes of later stages, such as `tkg.abi`, have their own readers.
  if (rule == std::end(kAttributeRules))
    return success();
  if (!rule->isRightOp(op))
    return op->emitOpError("has '")
           << rule->name << "', which belongs on " << rule->opText;
  if (!rule->isRightValue(attr.getValue()))
    return op->emitOpError("expects '")
           << rule->name << "' to be " << rule->valueText << ", got "
           << attr.getValue();
  return success();
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

constexpr StringLiteral kBaseAlignment = "base_alignment";
constexpr StringLiteral kInnerStrideOne = "inner_stride_one";
constexpr StringLiteral kStrideDivisibility = "stride_divisibility";
constexpr StringLiteral kExtentDivisibility = "extent_divisibility";
constexpr StringLiteral kSmallOffsets = "small_offsets";

static bool isPositive(Attribute attr) {
  auto integer = dyn_cast<IntegerAttr>(attr);
  return integer && integer.getType().isSignlessInteger(64) &&
         integer.getInt() > 0;
}

static LogicalResult verifyFact(Operation *op, NamedAttribute fact,
                                int64_t rank) {
  StringRef name = fact.getName();
  Attribute value = fact.getValue();
  if (name == kInnerStrideOne || name == kSmallOffsets) {
    if (isa<UnitAttr>(value))
      return success();
    return op->emitOpError("expects fact '")
           << name << "' without a value, got " << value;
  }
  if (name == kExtentDivisibility) {
    auto array = dyn_cast<ArrayAttr>(value);
    if (array && static_cast<int64_t>(array.size()) == rank &&
        llvm::all_of(array, isPositive))
      return success();
    return op->emitOpError("expects fact '")
           << name << "' to be " << rank << " positive i64, got " << value;
  }
  if (name != kBaseAlignment && name != kStrideDivisibility)
    return op->emitOpError("has an unknown fact '") << name << "'";
  if (!isPositive(value))
    return op->emitOpError("expects fact '")
           << name << "' to be a positive i64, got " << value;
  return success();
}

LogicalResult TkgDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                   unsigned argIndex,
                                                   NamedAttribute attr) {
  if (attr.getName() != kFactsAttr)
    return op->emitOpError("has an unknown argument attribute '")
           << attr.getName().strref() << "'";
  auto kernel = dyn_cast<tk::KernelOp>(op);
  auto view = kernel
                  ? dyn_cast<tk::ViewType>(kernel.getArgumentTypes()[argIndex])
                  : tk::ViewType();
  auto facts = dyn_cast<DictionaryAttr>(attr.getValue());
  if (!view || !facts)
    return op->emitOpError("expects '")
           << kFactsAttr << "' to be a dictionary on a view of a 'tk.kernel'";
  for (NamedAttribute fact : facts)
    if (failed(verifyFact(op, fact, view.getRank())))
      return failure();
  return success();
}

TensorFacts mlir::tkg::getTensorFacts(tk::KernelOp kernel, unsigned index) {
  TensorFacts facts;
  if (auto view = dyn_cast<tk::ViewType>(kernel.getArgumentTypes()[index]))
    facts.extentDivisibility.assign(view.getRank(), 1);
  auto dictionary = kernel.getArgAttrOfType<DictionaryAttr>(index, kFactsAttr);
  if (!dictionary)
    return facts;
  auto read = [&](StringRef name, int64_t &value) {
    if (auto integer = dictionary.getAs<IntegerAttr>(name))
      value = integer.getInt();
  };
  read(kBaseAlignment, facts.baseAlignment);
  read(kStrideDivisibility, facts.strideDivisibility);
  facts.isInnerStrideOne = dictionary.contains(kInnerStrideOne);
  facts.hasSmallOffsets = dictionary.contains(kSmallOffsets);
  if (auto extents = dictionary.getAs<ArrayAttr>(kExtentDivisibility))
    facts.extentDivisibility =
        llvm::map_to_vector(extents.getAsRange<IntegerAttr>(),
                            [](IntegerAttr value) { return value.getInt(); });
  return facts;
}

DictionaryAttr mlir::tkg::getTensorFactsAttr(MLIRContext *context,
                                             const TensorFacts &facts) {
  Builder builder(context);
  NamedAttrList list;
  if (facts.baseAlignment != 1)
    list.set(kBaseAlignment, builder.getI64IntegerAttr(facts.baseAlignment));
  if (facts.isInnerStrideOne)
    list.set(kInnerStrideOne, builder.getUnitAttr());
  if (facts.strideDivisibility != 1)
    list.set(kStrideDivisibility,
             builder.getI64IntegerAttr(facts.strideDivisibility));
  if (llvm::any_of(facts.extentDivisibility, [](int64_t d) { return d != 1; }))
    list.set(kExtentDivisibility,
             builder.getI64ArrayAttr(facts.extentDivisibility));
  if (facts.hasSmallOffsets)
    list.set(kSmallOffsets, builder.getUnitAttr());
  return list.getDictionary(context);
}

std::optional<tk::ThreadCounts> mlir::tkg::getThreadCounts(Operation *op) {
  auto kernel = dyn_cast<tk::KernelOp>(op);
  if (!kernel)
    kernel = op->getParentOfType<tk::KernelOp>();
  auto module = op->getParentOfType<ModuleOp>();
  if (!kernel || !module)
    return std::nullopt;
  auto numWarps = kernel->getAttrOfType<IntegerAttr>(kWarpsAttr);
  auto numLanes = module->getAttrOfType<IntegerAttr>(kThreadsPerWarpAttr);
  if (!numWarps || !numLanes)
    return std::nullopt;
  return tk::ThreadCounts{static_cast<unsigned>(numLanes.getInt()),
                          static_cast<unsigned>(numWarps.getInt())};
}

LayoutAttr mlir::tkg::getLayout(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile ? dyn_cast_or_null<LayoutAttr>(tile.getEncoding()) : LayoutAttr();
}

RankedTensorType mlir::tkg::withLayout(RankedTensorType type,
                                       LayoutAttr layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

//===----------------------------------------------------------------------===//
// Text of layouts: shape = [[32, 3], [4]], register = [[0, 1], 3 * [32, 0]]
//===----------------------------------------------------------------------===//

static ParseResult parseShape(AsmParser &parser, DigitShape &shape) {
  SmallVector<SmallVector<unsigned>> dims;
  SMLoc loc = parser.getCurrentLocation();
  auto parseDim = [&]() -> ParseResult {
    dims.emplace_back();
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
      return parser.parseInteger(dims.back().emplace_back());
    });
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseDim))
    return failure();
  std::string error;
  std::optional<DigitShape> checked = DigitShape::getChecked(dims, error);
  if (!checked)
    return parser.emitError(loc, error);
  shape = *checked;
  return success();
}

static ParseResult parseHardwareDigits(AsmParser &parser,
                                       Layout::DigitsText &digits) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        HardwareDigitText &digit = digits.emplace_back();
        OptionalParseResult radix = parser.parseOptionalInteger(digit.radix);
        if (radix.has_value() && (failed(*radix) || parser.parseStar()))
          return failure();
        return parser.parseCommaSeparatedList(
            AsmParser::Delimiter::Square, [&] {
              return parser.parseInteger(digit.coordinates.emplace_back());
            });
      });
}

/// Parses `<shape = ..., register = ..., ...>`.
static std::optional<Layout> parseLayout(AsmParser &parser) {
  constexpr std::array<HardwareDim, tk::kNumHardwareDims> kDims = {
      HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp,
      HardwareDim::Block, HardwareDim::Offset};
  SMLoc loc = parser.getCurrentLocation();
  DigitShape shape;
  std::array<Layout::DigitsText, tk::kNumHardwareDims> digits;
  SmallVector<StringRef> seen;
  auto parseField = [&]() -> ParseResult {
    SMLoc fieldLoc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return failure();
    if (llvm::is_contained(seen, name))
      return parser.emitError(fieldLoc, "'") << name << "' is given twice";
    seen.push_back(name);
    if (name == "shape")
      return parseShape(parser, shape);
    for (HardwareDim dim : kDims)
      if (name == tk::getName(dim))
        return parseHardwareDigits(parser, digits[static_cast<unsigned>(dim)]);
    return parser.emitError(fieldLoc, "unknown field '")
           << name << "', expects shape, register, lane, warp, block or offset";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseField))
    return std::nullopt;
  std::string error;
  std::optional<Layout> layout = Layout::getChecked(shape, digits, error);
  if (!layout)
    parser.emitError(loc, error);
  return layout;
}

static void printLayout(AsmPrinter &printer, const Layout &layout) {
  printer << '<';
  layout.print(printer.getStream());
  printer << '>';
}

/// Checks that a layout is as large as a tile in every dimension.
static LogicalResult
verifyCoversTile(function_ref<InFlightDiagnostic()> emitError,
                 const Layout &layout, ArrayRef<int64_t> shape) {
  if (layout.getRank() != shape.size())
    return emitError() << "expects a layout of rank " << shape.size()
                       << ", that of the tile, got " << layout.getRank();
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (layout.getShape().getExtent(dim) < extent)
      return emitError() << "expects a layout of extent " << extent
                         << " or more in dimension " << dim << ", got "
                         << layout.getShape().getExtent(dim);
  return success();
}

//===----------------------------------------------------------------------===//
// LayoutAttr
//===----------------------------------------------------------------------===//

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  std::optional<Layout> layout = parseLayout(parser);
  if (!layout)
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *layout);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printLayout(printer, getLayout());
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Layout layout) {
  if (!layout.getDigits(HardwareDim::Offset).empty())
    return emitError() << "expects no offsets: registers are not memory";
  if (!layout.isSurjective())
    return emitError() << "expects every element of the shape to be held "
                          "somewhere";
  return success();
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  return verifyCoversTile(emitError, getLayout(), shape);
}

//===----------------------------------------------------------------------===//
// MmaAttr
//===----------------------------------------------------------------------===//

LogicalResult MmaAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              MmaKind kind, unsigned m, unsigned n, unsigned k,
                              Type type, unsigned warpsM, unsigned warpsN, bool,
                              OperandSource, OperandSource) {
  for (unsigned value : {m, n, k, warpsM, warpsN})
    if (value == 0)
      return emitError() << "expects m, n, k, warpsM and warpsN to be positive";
  // Layouts give the digits of an instruction to registers and lanes. Of wgmma
  // any multiple of 8 columns will do.
  constexpr unsigned kMaxExtent = 256;
  for (unsigned extent : {m, kind == MmaKind::Wgmma ? 1u : n, k})
    if (!llvm::isPowerOf2_32(extent) || extent > kMaxExtent)
      return emitError() << "expects m, n and k to be powers of two up to "
                         << kMaxExtent << ", got " << extent;
  if (!isa<FloatType, IntegerType>(type))
    return emitError() << "expects an operand type that is a float or an "
                          "integer, got "
                       << type;
  return success();
}

//===----------------------------------------------------------------------===//
// SharedAttr
//===----------------------------------------------------------------------===//

Attribute SharedAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  std::optional<Layout> layout = parseLayout(parser);
  if (!layout)
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *layout);
}

void SharedAttr::print(AsmPrinter &printer) const {
  printLayout(printer, getLayout());
}

int64_t SharedAttr::getNumElements() const {
  return getLayout().getSize(HardwareDim::Offset);
}

LogicalResult SharedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Layout layout) {
  for (HardwareDim dim : {HardwareDim::Register, HardwareDim::Lane,
                          HardwareDim::Warp, HardwareDim::Block})
    if (!layout.getDigits(dim).empty())
      return emitError() << "expects offsets alone, got '" << tk::getName(dim)
                         << "'";
  if (!layout.isSurjective() || !layout.isInjective())
    return emitError() << "expects every offset to store one element, and "
                          "every element to have an offset";
  return success();
}

//===----------------------------------------------------------------------===//
// MemDescType
//===----------------------------------------------------------------------===//

/// `<8x4xf32, #shared>` or `<3 x [8x4xf32], #shared>`
Type MemDescType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  SharedAttr layout;
  int64_t depth = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false))
    return {};
  if (succeeded(parser.parseOptionalLSquare())) {
    if (shape.size() != 1 || shape[0] < 1) {
      parser.emitError(loc, "expects one positive depth before '['");
      return {};
    }
    depth = shape[0];
    shape.clear();
    if (parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
        parser.parseType(elementType) || parser.parseRSquare())
      return {};
  } else if (parser.parseType(elementType)) {
    return {};
  }
  if (parser.parseComma() || parser.parseAttribute(layout) ||
      parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    shape, elementType, layout, depth);
}

void MemDescType::print(AsmPrinter &printer) const {
  printer << '<';
  if (isRing())
    printer << getDepth() << " x [";
  printer.printDimensionList(getShape());
  printer << (getShape().empty() ? "" : "x") << getElementType();
  if (isRing())
    printer << ']';
  printer << ", ";
  printer.printAttribute(getLayout());
  printer << '>';
}

int64_t MemDescType::getTileSizeInBytes() const {
  // A pointer is 64 bits, an index too; a bool takes a byte.
  Type element = getElementType();
  int64_t width = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  return llvm::divideCeil(
      getLayout().getNumElements() * (width == 1 ? 8 : width), 8);
}

LogicalResult MemDescType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<int64_t> shape, Type elementType,
                                  SharedAttr layout, int64_t depth) {
  if (!elementType.isIntOrIndexOrFloat() && !isa<tk::PtrType>(elementType))
    return emitError() << "expects elements that are integers, floats or "
                          "pointers, got "
                       << elementType;
  assert(depth >= 0 && "the parser and builders see to that");
  return verifyCoversTile(emitError, layout.getLayout(), shape);
}
