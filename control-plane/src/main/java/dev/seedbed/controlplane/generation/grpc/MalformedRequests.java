package dev.seedbed.controlplane.generation.grpc;

import dev.seedbed.generation.v1.GenerateRequest;
import dev.seedbed.generation.v1.GenerateResponse;
import dev.seedbed.generation.v1.GenerationServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/**
 * Lets the service answer requests that cannot be parsed, above all text that is not UTF-8. gRPC itself would end such a call
 * with UNKNOWN, as a defect of the server.
 */
final class MalformedRequests {

    /** Stands for a request that could not be parsed; known by identity. */
    static final GenerateRequest MALFORMED = GenerateRequest.newBuilder().build();

    private MalformedRequests() {}

    /** The same service, whose methods get {@link #MALFORMED} instead of never being called. */
    static ServerServiceDefinition delivered(ServerServiceDefinition service) {
        var generate = generate(service);
        var method = generate.getMethodDescriptor();
        var lenient = method.toBuilder()
                .setRequestMarshaller(new Lenient(method.getRequestMarshaller()))
                .build();
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                // Reflection reads the schema.
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(lenient)
                .build();
        return ServerServiceDefinition.builder(descriptor)
                .addMethod(ServerMethodDefinition.create(lenient, generate.getServerCallHandler()))
                .build();
    }

    @SuppressWarnings("unchecked") // The method's own descriptor names its types.
    private static ServerMethodDefinition<GenerateRequest, GenerateResponse> generate(ServerServiceDefinition service) {
        MethodDescriptor<GenerateRequest, GenerateResponse> method = GenerationServiceGrpc.getGenerateMethod();
        return (ServerMethodDefinition<GenerateRequest, GenerateResponse>)
                service.getMethod(method.getFullMethodName());
    }

    private record Lenient(Marshaller<GenerateRequest> strict) implements Marshaller<GenerateRequest> {

        @Override
        public InputStream stream(GenerateRequest request) {
            return strict.stream(request);
        }

        @Override
        public GenerateRequest parse(InputStream bytes) {
            try {
                return strict.parse(bytes);
            } catch (StatusRuntimeException malformed) {
                return MALFORMED;
            }
        }
    }
}
