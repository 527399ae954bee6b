// Types that the C# compiler asks for and netstandard2.0 lacks. Our own few lines rather than a package: a source generator that hands them
// out in an order of its own makes every build a different assembly.
#if NETSTANDARD2_0
namespace System.Runtime.CompilerServices
{
    /// <summary>Allows <c>init</c> accessors and records.</summary>
    internal static class IsExternalInit;

    /// <summary>Marks <c>required</c> members.</summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field | AttributeTargets.Property, Inherited = false)]
    internal sealed class RequiredMemberAttribute : Attribute;

    /// <summary>Names a language feature that a compiler must know to use a member.</summary>
    /// <param name="featureName">Name of the feature.</param>
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true, Inherited = false)]
    internal sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
    {
        /// <summary>Name of the feature.</summary>
        public string FeatureName { get; } = featureName;
    }
}
#endif
