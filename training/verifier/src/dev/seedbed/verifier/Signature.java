package dev.seedbed.verifier;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Parameter and return types of the judged method; converts between JSON values and Java's. */
record Signature(List<String> types, String returns) {

  /** Stands for a returned null; equals no expectation, not even the string "null". */
  private static final Object NULL =
      new Object() {
        @Override
        public String toString() {
          return "null";
        }
      };

  /** Throws IllegalArgumentException for a type outside the protocol. */
  static Signature of(List<?> types, String returns) {
    List<String> names = new ArrayList<>();
    for (Object type : types) {
      names.add((String) type);
    }
    Signature signature = new Signature(names, returns);
    signature.parameterClasses();
    classOf(returns);
    return signature;
  }

  Class<?>[] parameterClasses() {
    Class<?>[] classes = new Class<?>[types.size()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = classOf(types.get(i));
    }
    return classes;
  }

  /** Fresh argument objects, so that one run cannot see what another did to its own. */
  Object[] arguments(List<?> json) {
    if (json.size() != types.size()) {
      throw new IllegalArgumentException(
          "arguments of a case: " + json.size() + " (expected: " + types.size() + ")");
    }
    Object[] values = new Object[types.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = toJava(types.get(i), json.get(i));
    }
    return values;
  }

  /** The value in its JSON form, to be compared with the expectation by equals. */
  static Object toJson(Object value) {
    return switch (value) {
      case int[] array -> Arrays.stream(array).mapToObj(i -> (Object) (long) i).toList();
      case Integer number -> number.longValue();
      case Character c -> c.toString();
      case List<?> list -> list.stream().map(Signature::toJson).toList();
      case null -> NULL;
      default -> value;
    };
  }

  private static Class<?> classOf(String type) {
    return switch (type) {
      case "int" -> int.class;
      case "boolean" -> boolean.class;
      case "char" -> char.class;
      case "String" -> String.class;
      case "int[]" -> int[].class;
      case "List<Integer>", "List<String>" -> List.class;
      default -> throw unknown(type);
    };
  }

  private static Object toJava(String type, Object json) {
    return switch (type) {
      case "int" -> ((Number) json).intValue();
      case "boolean", "String" -> json;
      case "char" -> ((String) json).charAt(0);
      case "int[]" -> ((List<?>) json).stream().mapToInt(v -> ((Number) v).intValue()).toArray();
      case "List<Integer>" -> {
        List<Integer> list = new ArrayList<>();
        for (Object element : (List<?>) json) {
          list.add(((Number) element).intValue());
        }
        yield list;
      }
      case "List<String>" -> new ArrayList<>((List<?>) json);
      default -> throw unknown(type);
    };
  }

  private static IllegalArgumentException unknown(String type) {
    return new IllegalArgumentException(
        "type: "
            + type
            + " (expected: int, boolean, char, String, int[], List<Integer> or List<String>)");
  }
}
