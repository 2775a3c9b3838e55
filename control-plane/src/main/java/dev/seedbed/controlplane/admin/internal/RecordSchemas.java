package dev.seedbed.controlplane.admin.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.type.TypeFactory;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.oas.models.media.Schema;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Describes what the generator cannot see in a record: that a component is {@code @Nullable}, and that one holds JSON and is no
 * string.
 */
@Component
final class RecordSchemas implements ModelConverter {

    private static final String NULL = "null";

    @Override
    public @Nullable Schema<?> resolve(
            AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
        if (!chain.hasNext()) {
            return null;
        }
        Schema<?> schema = chain.next().resolve(type, context, chain);
        var raw = TypeFactory.defaultInstance().constructType(type.getType()).getRawClass();
        if (schema != null && raw.isRecord()) {
            var model = schema.get$ref() == null
                    ? schema
                    : context.getDefinedModels()
                            .get(schema.get$ref().substring(schema.get$ref().lastIndexOf('/') + 1));
            if (model != null && model.getProperties() != null) {
                describe(raw, model);
            }
        }
        return schema;
    }

    @SuppressWarnings({"rawtypes", "unchecked"}) // The generator's own types.
    private static void describe(Class<?> record, Schema model) {
        for (var component : record.getRecordComponents()) {
            var field = field(record, component);
            var named = field.getAnnotation(JsonProperty.class);
            var name = named == null || named.value().isEmpty() ? component.getName() : named.value();
            var property = (Schema) model.getProperties().get(name);
            if (property == null) {
                continue;
            }
            var said = field.getAnnotation(io.swagger.v3.oas.annotations.media.Schema.class);
            if (field.isAnnotationPresent(JsonRawValue.class) && said != null) {
                property.setTypes(new LinkedHashSet<>(Set.of(said.type())));
            }
            if (component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                model.getProperties().put(name, nullable(property));
            }
        }
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    private static Schema nullable(Schema property) {
        if (property.get$ref() != null) {
            return new Schema().anyOf(List.of(property, new Schema().types(Set.of(NULL))));
        }
        if (property.getTypes() != null && !property.getTypes().contains(NULL)) {
            var types = new LinkedHashSet<String>(property.getTypes());
            types.add(NULL);
            property.setTypes(types);
            if (property.getEnum() != null && !property.getEnum().contains(null)) {
                property.getEnum().add(null);
            }
        }
        return property;
    }

    private static Field field(Class<?> record, RecordComponent component) {
        try {
            return record.getDeclaredField(component.getName());
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("record without a field for its component: " + component, e);
        }
    }
}
