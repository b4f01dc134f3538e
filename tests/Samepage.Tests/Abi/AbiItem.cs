using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Samepage.Tests.Abi;

/// <summary>One claim about C: a name and the static assertion that the compiler is to confirm.</summary>
public sealed record AbiItem(string Name, string Assertion)
{
    /// <summary>Every public constant, and size and offsets of every nested struct, of a class written like a header.</summary>
    public static IEnumerable<AbiItem> Of(Type header)
    {
        foreach (var constant in header.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral))
        {
            if (constant.FieldType.IsPrimitive)
            {
                yield return Constant(constant.Name, constant.GetRawConstantValue()!);
            }
        }

        foreach (var type in header.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Where(type => type.IsValueType && !type.IsEnum))
        {
            foreach (var item in Struct(type))
            {
                yield return item;
            }
        }
    }

    /// <summary>Compared in the width that C# gives the constant: C may hold the same bits signed.</summary>
    private static AbiItem Constant(string name, object value)
    {
        var (bits, mask) = value switch
        {
            sbyte or byte => (Bits(value), 0xFFUL),
            short or ushort => (Bits(value), 0xFFFFUL),
            int or uint => (Bits(value), 0xFFFF_FFFFUL),
            _ => (Bits(value), ulong.MaxValue),
        };
        return new AbiItem(name, $"((unsigned long long)({name}) & {mask}ULL) == {bits & mask}ULL");
    }

    private static ulong Bits(object value) => value is ulong big
        ? big
        : unchecked((ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture));

    private static IEnumerable<AbiItem> Struct(Type type) =>
        Struct(type, AbiHeaders.StructName(type.Name), field => AbiHeaders.FieldName(type.Name, field));

    /// <summary>Size and offsets of one struct, by its name in C and the names of its fields there.</summary>
    public static IEnumerable<AbiItem> Struct(Type type, string c, Func<string, string> fieldName)
    {
        yield return new AbiItem($"sizeof({type.Name})", $"sizeof({c}) {(AbiHeaders.IsHeadOnly(type.Name) ? ">=" : "==")} {SizeOf(type)}");
        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
        {
            yield return new AbiItem($"{type.Name}.{field.Name}", $"offsetof({c}, {fieldName(field.Name)}) == {OffsetOf(type, field)}");
        }
    }

    private static int SizeOf(Type type) => (int)typeof(Unsafe)
        .GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>The offset in the layout that P/Invoke passes on, measured on a live value and not by the marshaller.</summary>
    private static long OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod("offset", typeof(long), null, typeof(AbiItem).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        var local = code.DeclareLocal(type);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_I8);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Conv_I8);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Ret);
        return (long)method.Invoke(null, null)!;
    }
}
