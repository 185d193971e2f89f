// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

/** The type of a field, as the type table has it. */
sealed interface FieldType {

    /** What Go calls it; messages about wrong types say so. */
    String goName();

    /** What a scalar holds. */
    enum Base {
        STRING("string"),
        INT32("int32"),
        INT64("int64"),
        BOOL("bool"),
        /** Base64 text in JSON. */
        BYTES("[]uint8"),
        QUANTITY("resource.Quantity"),
        TIME("v1.Time"),
        MICRO_TIME("v1.MicroTime"),
        INT_OR_STRING("intstr.IntOrString"),
        /** Free JSON, kept as it is. */
        ANY("interface {}");

        private final String goName;

        Base(String goName) {
            this.goName = goName;
        }

        String goName() {
            return goName;
        }
    }

    /** A value without parts. */
    record Scalar(Base base, String goName) implements FieldType {}

    /** An array. */
    record ListOf(FieldType item) implements FieldType {
        @Override
        public String goName() {
            return "[]" + item.goName();
        }
    }

    /** An object with free keys. */
    record MapOf(FieldType value, String goName) implements FieldType {}

    /**
     * An object with fields; {@code name} is its name in the table, e.g. {@code core/v1.PodSpec}.
     */
    record Struct(String name) implements FieldType {
        @Override
        public String goName() {
            return name.substring(name.lastIndexOf('/') + 1);
        }
    }
}
