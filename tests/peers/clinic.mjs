// What every peer server offers: four tools whose answers carry made-up personal data.

export const SSN = '536-22-8726';
export const PAN = '4111 1111 1111 1111';
export const EMAIL = 'maria.lopez@example.org';

export const patient = id => ({ id, name: 'Maria Lopez', ssn: SSN, card: PAN, email: EMAIL, visits: 3 });

/// The blocks of a lookup: prose, and the structured answer once more as JSON in a string.
export const found = id => ({
  content: [
    { type: 'text', text: `Maria Lopez, SSN ${SSN}, card ${PAN}, mail ${EMAIL}.` },
    { type: 'text', text: JSON.stringify(patient(id)) },
  ],
  structuredContent: patient(id),
});

const string = { type: 'string' };

export const tools = {
  echo: {
    description: 'Says what it is told',
    properties: { message: string },
  },
  lookup: {
    description: 'Finds a patient',
    properties: { patient: string },
  },
  delete_all: {
    description: 'Deletes every record',
    properties: {},
  },
  slow: {
    description: 'Takes its time and reports progress',
    properties: { steps: { type: 'integer', minimum: 1, maximum: 20 } },
  },
};

export const schema = name => ({
  type: 'object',
  properties: tools[name].properties,
  required: Object.keys(tools[name].properties),
});
